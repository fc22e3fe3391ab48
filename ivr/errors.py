"""What can go wrong between a menu file, the settings and a running Asterisk."""

from __future__ import annotations

from hotline.errors import HotlineError


class IvrError(HotlineError):
    code = "ivr"


class RenderError(IvrError):
    """A value that must not be written into an Asterisk configuration, or one that is missing."""

    code = "ivr_render"


class NoAsteriskError(IvrError):
    code = "asterisk_missing"


class NodeError(IvrError):
    """A node that does not start, or does not do what it was told."""

    code = "asterisk_node"


class NodeAlreadyRunsError(NodeError):
    """The same instance's Asterisk is alive already."""

    code = "asterisk_running"
