"""Imports every room's tables, so that `Base.metadata` is complete."""

from __future__ import annotations

import acd.callback_models
import acd.clock_jumps
import acd.command_models
import acd.message_models
import acd.models
import acd.monitoring_models
import acd.phone_models
import acd.roster_models
import acd.routing_models
import acd.survey_models
import cases.desk_models
import cases.difference_models
import cases.models
import cases.registration_models
import cases.repeat_models
import cases.text_entry_models
import hotline.models
import ivr.models
import qa.models
import recordings.importing_models
import recordings.models
import recordings.replay_models
import recordings.vault_models
import transcribe.learned.tables
import transcribe.lexicon.models
import transcribe.models
import transcribe.sensitive_models
from hotline.database import Base

metadata = Base.metadata

MODULES = (
    hotline.models,
    acd.models,
    acd.callback_models,
    acd.clock_jumps,
    acd.command_models,
    acd.phone_models,
    acd.monitoring_models,
    acd.message_models,
    acd.roster_models,
    acd.survey_models,
    ivr.models,
    recordings.models,
    recordings.importing_models,
    recordings.replay_models,
    recordings.vault_models,
    transcribe.models,
    transcribe.lexicon.models,
    transcribe.learned.tables,
    transcribe.sensitive_models,
    cases.desk_models,
    cases.models,
    cases.difference_models,
    cases.registration_models,
    cases.repeat_models,
    cases.text_entry_models,
    qa.models,
)
