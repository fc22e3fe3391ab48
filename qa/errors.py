"""What can go wrong in the inspection room; every message says what to do."""

from __future__ import annotations

from hotline.errors import HotlineError


class QaError(HotlineError):
    """Root of the room's errors."""

    code = "qa"


class BadRows(QaError):
    """The calls offered to the sampler cannot be drawn from."""

    code = "qa.rows"


class BadRate(QaError):
    """A share that is not above 0 and at most 1."""

    code = "qa.rate"


class BadScore(QaError):
    """A score card that the template does not allow."""

    code = "qa.score"


class UnknownSample(QaError):
    """No drawn call has this id."""

    code = "qa.sample"


class AlreadyScored(QaError):
    """The sample has its score card; a card is written once."""

    code = "qa.scored"


class DrawDiffers(QaError):
    """A stored draw that does not come out again from its own population and seed."""

    code = "qa.differs"


class OwnCall(QaError):
    """Nobody inspects their own calls."""

    code = "qa.own"
