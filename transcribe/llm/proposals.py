"""The model's answer as it may be trusted to be shaped: checked at the edge, strictly and within bounds."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transcribe.llm.errors import LlmGarbled


class Proposal(BaseModel):
    """One value with the words it is read from; `turn` counts from 0."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    field: str = Field(max_length=40)
    value: str = Field(min_length=1, max_length=200)
    turn: int = Field(ge=0, le=100_000)
    quote: str = Field(min_length=1, max_length=400)


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    fields: list[Proposal] = Field(max_length=40)


class _Message(BaseModel):
    content: str = Field(max_length=100_000)


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """What of OpenAI's `chat.completion` object is read; the rest may be anything."""

    choices: list[_Choice] = Field(min_length=1, max_length=16)


def read_proposals(body: bytes) -> tuple[Proposal, ...]:
    """Proposals in the first choice of a `chat.completion`; raises LlmGarbled for anything else."""
    try:
        content = _Completion.model_validate_json(body).choices[0].message.content
        return tuple(_Answer.model_validate_json(content).fields)
    except (ValidationError, RecursionError) as error:
        raise LlmGarbled("the language model's answer is not in the agreed form; the rules' draft stands") from error
