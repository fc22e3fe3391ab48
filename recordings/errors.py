"""What can go wrong with a recording, each with a code and a sentence that says what to do."""

from __future__ import annotations

from hotline.errors import HotlineError


class RecordingError(HotlineError):
    """Root of the room's errors."""

    code = "recording"


class HostileName(RecordingError):
    """A file in the spool whose name is not one Asterisk writes for a call."""

    code = "hostile_name"


class LegsMissing(RecordingError):
    """No leg of the call is in the spool, or none of them holds a sample."""

    code = "legs_missing"


class LegsHeld(RecordingError):
    """The legs are still being written, or another finaliser is at work on them: try again later."""

    code = "legs_held"


class DiskFull(RecordingError):
    """No room left for the FLAC file or its copy in the store; the legs are kept."""

    code = "disk_full"


class StoreUnavailable(RecordingError):
    """The object store refused or failed; the legs are kept."""

    code = "store_unavailable"


class KeyUnavailable(StoreUnavailable):
    """The master key is away or another one: nothing can be opened until it is back, and nothing is lost."""

    code = "key_unavailable"


class StoreConflict(RecordingError):
    """Another content already lies under the key; nothing is ever overwritten."""

    code = "store_conflict"


class ObjectMissing(RecordingError):
    """The row names an object that the store does not have."""

    code = "object_missing"


class ObjectDamaged(RecordingError):
    """The stored bytes do not have the SHA-256 that was noted when they were stored."""

    code = "object_damaged"


class DayKeyDamaged(ObjectDamaged):
    """The key of one day was changed, though the master key is the right one: what it sealed cannot be opened."""

    code = "day_key_damaged"


class NoRecording(RecordingError):
    """The call has no stored recording; the reconciliation says why."""

    code = "no_recording"


class NotChecked(RecordingError):
    """Nobody has looked through the recording for sensitive digits yet: only who may hear those can listen."""

    code = "not_checked"
