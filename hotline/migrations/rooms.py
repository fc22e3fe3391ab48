"""Imports every room's tables, so that `Base.metadata` is complete."""

from __future__ import annotations

import acd.message_models
import acd.models
import acd.phone_models
import acd.roster_models
import acd.routing_models
import cases.models
import hotline.models
import qa.models
import recordings.models
import transcribe.models
from hotline.database import Base

metadata = Base.metadata

MODULES = (
    hotline.models,
    acd.models,
    acd.phone_models,
    acd.message_models,
    acd.roster_models,
    recordings.models,
    transcribe.models,
    cases.models,
    qa.models,
)
