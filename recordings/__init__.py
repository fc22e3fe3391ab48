"""Recordings: finalise, verify, store, reconcile, replay.

In: two raw legs per call that Asterisk writes into a node's spool from the first second (D66).
Out: one stereo FLAC per recording (left caller, right seat) in the object store with its SHA-256 and a row,
a list of every call without a sound recording, and audited, seekable replay.

The story reads in `finalise`: legs → encode → objects → row → the transcription's job → legs deleted. `reconcile` takes
up whatever was killed on that way and names what is missing (`findings` decides it); `replay` lets people listen.
"""
