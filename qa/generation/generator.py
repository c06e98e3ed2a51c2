"""Answers by a language model: each of its statements is shown once the papers are seen to carry it.

Its `[n]` name the sources it was given. For each the sentence that carries the statement best is sought and
cited in its place; a statement whose sentences do not carry it, or that names a source there is not, is left
out with its marks.
"""

from __future__ import annotations

import datetime
import re
import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Generator as Flow
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from embeddings.errors import GenerationFailed
from embeddings.records import Citation, Hit
from embeddings.settings import Settings
from embeddings.tokens import normalised
from qa.citations import Writing, check, without_faulty_lead
from qa.figures import figures
from qa.generation.carrying import carriers, is_carried
from qa.generation.wire import Wire
from qa.prompts import NOT_FOUND, new_fence, rewrite_messages, write_messages
from qa.statements import MARK, Splitter, Statement, with_plain_marks
from qa.turns import Turn

Listen: TypeAlias = Callable[[str, Any], None]

# A rewritten question is a line; who waits for it still waits for the answer.
REWRITE_SHARE = 0.25
REWRITE_TOKENS = 120
REWRITTEN_CHARS_MAX = 200
# Share of a rewritten question's characters that must come from the conversation.
REWRITTEN_SHARE_MIN = 0.7

_MARKUP = re.compile(r"\*\*|__|`|^\s{0,3}#{1,6}\s+", re.MULTILINE)
_THINKS = "<think>"
_THOUGHT = "</think>"
_LABEL = re.compile(r"^(?:改写后的?)?(?:完整)?(?:问题|改写)(?:是|为)?\s?[:：]\s*")


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote, as far as it holds; `citations` count from 1 in order of first use.

    `answered` is false, and the rest empty, where the model says that the sources do not. `removed`
    counts statements left out.
    """

    answered: bool
    text: str
    citations: tuple[Citation, ...]
    removed: int
    model: str


class Generator:
    """Writes answers with the model of the settings. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self._timeout_s = settings.llm_timeout_s
        self._max_tokens = settings.llm_max_tokens
        self._wire = Wire(settings)
        self.model = settings.llm_model

    @staticmethod
    def is_configured(settings: Settings) -> bool:
        """Whether the settings name a model."""
        return bool(settings.llm_base_url and settings.llm_model)

    def warm(self) -> None:
        """Load the client now; the model itself is not asked."""
        self._wire.warm()

    def close(self) -> None:
        """Leave the model; an answer that is being written fails."""
        self._wire.close()

    def write(
        self, question: str, sources: Sequence[Hit], *, today: datetime.date, listen: Listen
    ) -> Written:
        """Answer out of the sources. `listen` is told each citation and each statement as soon as it holds.

        The tokens told make up the text. What `listen` raises ends the request and is passed on.

        Raises:
            GenerationFailed: there is no answer, or none of what was written holds; what was told is void.
        """
        messages = write_messages(question, sources, today, new_fence())
        self._wire.warm()  # what it takes to load our own side is not the model's time
        deadline = time.monotonic() + self._timeout_s
        draft = _Draft(sources, listen)
        with closing(self._pieces(messages, self._max_tokens, deadline)) as pieces:
            for piece in pieces:
                draft.feed(piece)
        draft.end()
        return draft.written(self.model)

    def rewrite(self, question: str, history: Sequence[Turn], *, otherwise: str) -> str:
        """A follow-up as a question of its own; `otherwise` when the model fails or its line is odd."""
        if not history:
            return otherwise
        messages = rewrite_messages(question, history, new_fence())
        self._wire.warm()
        deadline = time.monotonic() + self._timeout_s * REWRITE_SHARE
        try:
            with closing(self._pieces(messages, REWRITE_TOKENS, deadline)) as pieces:
                line = "".join(pieces)
        except GenerationFailed:
            return otherwise
        return _usable_line(line, question, history) or otherwise

    def _pieces(
        self, messages: Sequence[dict[str, str]], max_tokens: int, deadline: float
    ) -> Flow[str, None, None]:
        with closing(self._wire.pieces(messages, max_tokens=max_tokens, deadline=deadline)) as pieces:
            yield from _without_thoughts(pieces)


class _Draft:
    """A reply on its way: statements are taken, checked, and told."""

    def __init__(self, sources: Sequence[Hit], listen: Listen) -> None:
        self._sources = sources
        self._listen = listen
        self._splitter = Splitter()
        self._writing = Writing()
        self._removed = 0
        self._wrote = False
        self._not_found = False

    def feed(self, piece: str) -> None:
        self._take(self._splitter.feed(piece))

    def end(self) -> None:
        self._take(self._splitter.end())

    def written(self, model: str) -> Written:
        writing = self._writing
        if writing.text and not check(writing.text, writing.citations):
            return Written(True, writing.text, tuple(writing.citations), self._removed, model)
        if self._not_found and not writing.text:
            return Written(False, "", (), self._removed, model)
        raise GenerationFailed("no_citation" if self._wrote else "bad_reply")

    def _take(self, statements: Sequence[Statement]) -> None:
        for statement in statements:
            self._wrote = True
            if NOT_FOUND in statement.text:
                self._not_found = True
            elif sound := self._sound(statement):
                self._tell(*sound)
            else:
                self._removed += 1

    def _tell(self, statement: Statement, citations: dict[int, Citation]) -> None:
        text, new = self._writing.add(statement, citations)
        for citation in new:
            self._listen("citation", citation)
        self._listen("token", text)

    def _sound(self, statement: Statement) -> tuple[Statement, dict[int, Citation]] | None:
        """The statement with its marks leading to sentences that carry it; nothing where there are none."""
        plain = replace(
            statement,
            text=_MARKUP.sub("", with_plain_marks(statement.text)).strip(),
            lead=_MARKUP.sub("", statement.lead),
        )
        if not plain.marks or not plain.words or any(not 1 <= n <= len(self._sources) for n in plain.marks):
            return None
        cited, by_number = self._cited(plain)
        sound = without_faulty_lead(cited, by_number)
        if sound is None:
            return None
        cited_here = [by_number[n] for n in sound.marks]
        if not is_carried(sound.words, cited_here):
            return None
        if sound.lead and not is_carried(sound.lead, cited_here):
            sound = replace(sound, lead="")
        return sound, by_number

    def _cited(self, statement: Statement) -> tuple[Statement, dict[int, Citation]]:
        """The statement with one mark for each sentence that carries it, in place of one for each source."""
        by_number: dict[int, Citation] = {}
        marks: dict[int, str] = {}
        for n in statement.marks:
            found = carriers(statement.words, self._sources[n - 1], n)
            numbers = range(len(by_number) + 1, len(by_number) + len(found) + 1)
            by_number.update(zip(numbers, found, strict=True))
            marks[n] = "".join(f"[{number}]" for number in numbers)
        text = MARK.sub(lambda mark: marks[int(mark[1])], statement.text)
        return replace(statement, text=text), by_number


def _without_thoughts(pieces: Iterator[str]) -> Iterator[str]:
    """A reply without what a reasoning model thinks aloud before it."""
    begun = ""
    for piece in pieces:
        begun += piece
        head = begun.lstrip()
        if not head.startswith(_THINKS):
            if _THINKS.startswith(head):
                continue
            yield begun
            yield from pieces
            return
        if _THOUGHT in head:
            yield head.partition(_THOUGHT)[2]
            yield from pieces
            return
    if not begun.lstrip().startswith(_THINKS):
        yield begun


def _usable_line(reply: str, question: str, history: Sequence[Turn]) -> str:
    """The one question in a reply; empty when it is not one, or holds what nobody said."""
    line = _LABEL.sub("", _MARKUP.sub("", reply).strip()).strip("“”\"'「」 ")
    if not line or "\n" in line or len(line) > REWRITTEN_CHARS_MAX or MARK.search(line) or NOT_FOUND in line:
        return ""
    said = normalised(question + "".join(turn.question + turn.answer for turn in history))
    characters = [c for c in normalised(line) if c.isalnum()]
    if not characters or sum(c in said for c in characters) < REWRITTEN_SHARE_MIN * len(characters):
        return ""
    told = figures(said)
    return line if all(any(f.agrees(other) for other in told) for f in figures(line)) else ""
