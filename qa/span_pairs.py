"""What goes into the span reader and what is read off it: pairs of texts, and spans from logits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from embeddings.model import QUERY_PROMPT

TOKENIZER = "tokenizer.json"
MAX_TOKENS = 320
QUESTION_TOKENS_MAX = 96
# Reasons and lists are answered by whole sentences.
ANSWER_TOKENS_MAX = 80

Offsets: TypeAlias = npt.NDArray[np.int64]
Logits: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `start:end` of a passage and their score; above 0 is rather an answer than none."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and a passage as token ids, and the characters of the passage that each stands for.

    `offsets` is [tokens, 2]; tokens of the question and special ones have (0, 0).
    """

    ids: list[int]
    offsets: Offsets


class PairTokenizer:
    """The built-in model's tokenizer, made for pairs; thread-safe."""

    def __init__(self, model: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(model / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._specials = self._tokenizer.num_special_tokens_to_add(True)

    def pairs(self, question: str, passages: Sequence[str]) -> list[Pair]:
        """The question with each passage: a long question is cut to its end, then the passage to fit."""
        asked = self._encoding(QUERY_PROMPT + self._end(question))
        room = max(0, MAX_TOKENS - self._specials - len(asked.ids))
        return [self._pair(asked, self._encoding(passage), room) for passage in passages]

    def _end(self, question: str) -> str:
        """What is asked stands at the end of a long question, and the passage needs the room."""
        offsets = self._encoding(question).offsets
        over = len(offsets) > QUESTION_TOKENS_MAX
        return question[offsets[-QUESTION_TOKENS_MAX][0] :] if over else question

    def _pair(self, asked: Any, passage: Any, room: int) -> Pair:
        passage.truncate(room)
        whole = self._tokenizer.post_process(asked, passage)
        inside = np.array([side == 1 for side in whole.sequence_ids])
        return Pair(whole.ids, np.array(whole.offsets, np.int64) * inside[:, None])

    def _encoding(self, text: str) -> Any:
        # The tokenizer takes text only as UTF-8, which lone surrogates are not; each becomes one "?".
        whole = text.encode("utf-8", "replace").decode("utf-8")
        return self._tokenizer.encode(whole, add_special_tokens=False)


def best_spans(start: Logits, end: Logits, offsets: Offsets, n: int) -> list[Span]:
    """The best n spans of whole tokens of the passage, best first; fewer where it has no more.

    Args:
        start: how likely the answer starts at each token, [tokens]; token 0 stands for "not here".
        end: the same for its last token.
        offsets: see `Pair`.
        n: at most so many.
    """
    possible = offsets[:, 1] > offsets[:, 0]
    starts = np.where(possible, start, -np.inf)
    ends = np.append(np.where(possible, end, -np.inf), np.full(ANSWER_TOKENS_MAX - 1, -np.inf))
    # [token, tokens further]: spans up to the longest answer, and not all pairs of tokens.
    scores = starts[:, None] + np.lib.stride_tricks.sliding_window_view(ends, ANSWER_TOKENS_MAX)
    flat = scores.ravel()
    places = np.argpartition(-flat, min(n, flat.size - 1))[:n]
    places = places[np.lexsort((places, -flat[places]))]
    none = float(start[0] + end[0])
    return [
        _span(offsets, *divmod(int(place), ANSWER_TOKENS_MAX), float(flat[place]) - none)
        for place in places
        if np.isfinite(flat[place])
    ]


def _span(offsets: Offsets, first: int, further: int, score: float) -> Span:
    return Span(int(offsets[first, 0]), int(offsets[first + further, 1]), score)
