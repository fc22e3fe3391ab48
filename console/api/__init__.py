"""What machines ask: is it alive, is it ready, how much does it do."""
