"""On a draft's page: earlier orders that the call may repeat, with reasons; the clerk picks the original (D16)."""
