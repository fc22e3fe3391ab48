"""A server that speaks OpenAI's chat completions as published, and that can be told to misbehave."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import uvicorn
from fastapi import FastAPI, Header, Response
from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: str


class JsonSchema(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    strict: bool
    definition: dict[str, Any] = Field(alias="schema")


class ResponseFormat(BaseModel):
    model_config = ConfigDict(extra="forbid")

    type: Literal["json_schema"]
    json_schema: JsonSchema


class CompletionRequest(BaseModel):
    """The part of the protocol's `CreateChatCompletionRequest` that is used here; anything else is refused with 422."""

    model_config = ConfigDict(extra="forbid")

    model: str
    messages: list[Message]
    temperature: float
    max_tokens: int
    response_format: ResponseFormat


@dataclass
class Script:
    """What the server does next, and what it was asked."""

    content: str | None = '{"fields": []}'
    status: int = 200
    raw: bytes | None = None
    wait: float = 0.0
    location: str | None = None
    asked: list[CompletionRequest] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    def proposes(self, *fields: dict[str, Any]) -> None:
        self.content = json.dumps({"fields": list(fields)}, ensure_ascii=False)


def build(script: Script) -> FastAPI:
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def complete(body: CompletionRequest, authorization: str | None = Header(None)) -> Response:
        script.asked.append(body)
        script.keys.append(authorization)
        await asyncio.sleep(script.wait)
        headers = {"location": script.location} if script.location else {}
        if script.raw is not None:
            return Response(script.raw, script.status, headers)
        answer = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.model,
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": script.content, "refusal": None},
                    "logprobs": None,
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
        return Response(json.dumps(answer), script.status, headers, "application/json")

    return app


@contextmanager
def served(script: Script) -> Iterator[str]:
    """The address of a server that follows `script`, on a free port of this machine."""
    server = uvicorn.Server(uvicorn.Config(build(script), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            if time.monotonic() > deadline:
                raise TimeoutError("the fake language model did not start")
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        thread.join(20)
