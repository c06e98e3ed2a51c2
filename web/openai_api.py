"""An interface that clients of the OpenAI API understand: chat completions, plain and streamed, and models.

The last user message is the question and the messages before it are the conversation; system messages are
not obeyed, since nothing here writes freely. The reply carries its sources twice: as lines below the text,
for clients that show nothing else, and as `annotations` of the message, at the offsets of their marks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from flask import Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field

from embeddings.errors import GeneratorUnavailable, NotFoundError, QuestionError
from embeddings.records import Answer, Mode
from qa.turns import Turn
from web.asking import asked, in_turn
from web.bodies import EVENT
from web.context import settings
from web.errors import noted_problem, openai_error
from web.openapi import COMPATIBLE, api_blueprint, gives
from web.readers import reader
from web.references import plain
from web.schemas import StrictBody
from web.streaming import SILENCE, Event, stream
from web.typeset import MARK

# How each of our models answers.
MODELS = {"wenbao": Mode.AUTO, "wenbao-extractive": Mode.EXTRACTIVE, "wenbao-generative": Mode.GENERATIVE}
MESSAGES_MAX = 200
CONTENT_CHARS_MAX = 100_000

openai_api = api_blueprint("openai_api", "/v1", COMPATIBLE)


class TextPart(StrictBody):
    """A part of a message's content; only text is read."""

    model_config = ConfigDict(extra="ignore")

    type: str
    text: Annotated[str, Field(max_length=CONTENT_CHARS_MAX)] = ""


class Message(StrictBody):
    """A message of the conversation."""

    model_config = ConfigDict(extra="ignore")

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[str, Field(max_length=CONTENT_CHARS_MAX)] | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """The text of the message, its parts joined."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.type == "text")
        return self.content or ""


class StreamOptions(StrictBody):
    """What a stream tells beside the answer; we count no tokens, so there is nothing to tell."""

    model_config = ConfigDict(extra="ignore")

    include_usage: bool = False


class ChatBody(StrictBody):
    """The body of `POST /v1/chat/completions`; what only a free writer could heed is ignored."""

    model_config = ConfigDict(
        extra="ignore",
        openapi_extra={  # type: ignore[typeddict-unknown-key]
            "example": {
                "model": "wenbao",
                "messages": [{"role": "user", "content": "市里的菊花展在哪儿办？"}],
            }
        },
    )

    model: Annotated[str, Field(max_length=200)] = "wenbao"
    messages: Annotated[list[Message], Field(min_length=1, max_length=MESSAGES_MAX)]
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = 1


class UrlCitation(BaseModel):
    """Where a statement comes from; the offsets are those of its mark in the content."""

    start_index: int
    end_index: int
    title: str
    url: str


class Annotation(BaseModel):
    """A citation in a message."""

    type: Literal["url_citation"]
    url_citation: UrlCitation


class CompletionMessage(BaseModel):
    """The reply."""

    role: Literal["assistant"]
    content: str
    refusal: str | None
    annotations: list[Annotation]


class CompletionChoice(BaseModel):
    """The only choice there is."""

    index: int
    message: CompletionMessage
    finish_reason: Literal["stop"]
    logprobs: None


class CompletionDocument(BaseModel):
    """A chat completion as the OpenAI API gives it; streamed, it comes in chunks."""

    model_config = ConfigDict(
        openapi_extra={"content": {"text/event-stream": {"schema": EVENT}}}  # type: ignore[typeddict-unknown-key]
    )

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[CompletionChoice]


class ModelDocument(BaseModel):
    """A model, which is a way of answering."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsDocument(BaseModel):
    """The models that can be asked for."""

    object: Literal["list"]
    data: list[ModelDocument]


class ModelPath(BaseModel):
    """The name of a model."""

    model: str


@openai_api.post("/chat/completions", responses=gives(CompletionDocument, 404, 413, 415, 502))
def complete(body: ChatBody) -> Response:
    """Answer the last message of a chat, as the OpenAI API does."""
    mode = _mode(body.model)
    question, history = _conversation(body.messages)
    given = {"question": question, "mode": mode, "history": history, "reader": reader()}
    host = request.host_url.rstrip("/")
    if body.stream:
        return stream(*in_turn(**given), lambda events: _chunks(events, body.model, host))
    return jsonify(_completion(asked(**given), body.model, host))


@openai_api.get("/models", responses=gives(ModelsDocument))
def models() -> Response:
    """List the ways of answering as models."""
    return jsonify({"object": "list", "data": [_model(name) for name in _offered()]})


@openai_api.get("/models/<model>", responses=gives(ModelDocument, 404))
def model(path: ModelPath) -> Response:
    """Describe one model."""
    _mode(path.model)
    return jsonify(_model(path.model))


def _offered() -> list[str]:
    return [name for name in MODELS if name != "wenbao-generative" or settings().llm_base_url]


def _mode(name: str) -> Mode:
    if name not in MODELS:
        raise NotFoundError(
            "没有这个模型。", hint=f"可用的模型:{'、'.join(_offered())}。", code="model_not_found"
        )
    if name not in _offered():
        raise GeneratorUnavailable(
            "没有配置大语言模型,无法使用生成式回答。", hint="请改用 wenbao 或 wenbao-extractive。"
        )
    return MODELS[name]


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "wenbao"}


def _conversation(messages: list[Message]) -> tuple[str, tuple[Turn, ...]]:
    """The last user message, and the turns before it, as far as they were answered."""
    last = next((at for at in range(len(messages) - 1, -1, -1) if messages[at].role == "user"), None)
    if last is None:
        raise QuestionError("messages 里没有 user 的消息。", hint="请把问题作为最后一条 user 消息。")
    history: list[Turn] = []
    question = ""
    for message in messages[:last]:
        if message.role == "user":
            question = message.text
        elif message.role == "assistant" and question:
            history.append(Turn(question, message.text))
            question = ""
    return messages[last].text, tuple(history)


def _content(answer: Answer, host: str) -> tuple[str, list[dict[str, Any]]]:
    """The text with its sources below, and the annotations that its marks make."""
    by_number = {citation.n: citation for citation in answer.citations}
    annotations = [
        {
            "type": "url_citation",
            "url_citation": {
                "start_index": match.start(),
                "end_index": match.end(),
                "title": by_number[n].article.title,
                "url": host + by_number[n].to_json()["url"],
            },
        }
        for match in MARK.finditer(answer.text)
        if (n := int(match[1])) in by_number
    ]
    return answer.text + _sources(answer), annotations


def _sources(answer: Answer) -> str:
    lines = [f"[{c.n}] {plain(c.article)}：“{c.quote}”" for c in answer.citations]
    return "\n\n" + "\n".join(lines) if lines else ""


def _completion(answer: Answer, name: str, host: str) -> dict[str, Any]:
    content, annotations = _content(answer, host)
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": annotations}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {**_head(answer.id, "chat.completion", name), "choices": [choice]}


def _head(identity: str, kind: str, name: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{identity}", "object": kind, "created": int(time.time()), "model": name}


def _chunks(events: Iterator[Event | None], name: str, host: str) -> Iterator[str]:
    """The events of an answer as the chunks of a completion."""
    head = _head(f"{time.time_ns():x}", "chat.completion.chunk", name)
    yield _chunk(head, {"role": "assistant", "content": ""})
    for event in events:
        if event is None:
            yield SILENCE
            continue
        kind, what = event
        if kind == "token":
            yield _chunk(head, {"content": what})
        elif kind == "answer":
            _, annotations = _content(what, host)
            yield _chunk(head, {"content": _sources(what), "annotations": annotations})
            yield _chunk(head, {}, "stop")
        elif kind == "error":
            yield _data({"error": openai_error(noted_problem(what))})
    yield "data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> str:
    return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _data(document: dict[str, Any]) -> str:
    return f"data: {json.dumps(document, ensure_ascii=False)}\n\n"
