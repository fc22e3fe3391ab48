"""The centre's lexicon: its words and versions, what a version would change, and suggestions beside transcripts."""
