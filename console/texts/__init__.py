"""Letters, faxes, e-mails and visitors' texts: received here, keyed at the desk, their originals filed (D19-D25).

The form, its keys and its saving are the desk's (`console.drafts`); here are the entry's head, words and scans.
"""
