"""One question, wherever it comes from: in its turn, counted, and written down where it took long."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from embeddings.records import Answer
from web.admission import gate
from web.context import Listener, deaf, service, settings
from web.metrics import counters
from web.security import request_id

logger = logging.getLogger(__name__)

Give = Callable[[Listener], Answer]


def asked(**question: Any) -> Answer:
    """Answer a question now; takes what `AskService.answer` takes.

    Raises:
        Overloaded: too many ask at the same time.
        WenbaoError: as `AskService.answer`.
    """
    give, leave = in_turn(**question)
    try:
        return give(deaf)
    finally:
        leave()


def in_turn(**question: Any) -> tuple[Give, Callable[[], None]]:
    """Wait for a turn: how the answer is made, in any thread, and what must be called when it is over.

    Raises:
        Overloaded: too many ask at the same time.
    """
    leave = gate().enter()
    # Taken here: the answer may be made in a thread that knows of no request.
    answering, found, identity = service(), counters(), request_id()
    slow_s, shows_questions = settings().slow_s, settings().log_questions

    def give(listen: Listener) -> Answer:
        answer = answering.answer(**question, listen=listen)
        found.note_answer(answer)
        if answer.timings_ms.get("total", 0) > slow_s * 1000:
            _log_slow(answer, identity, shows_questions=shows_questions)
        return answer

    return give, leave


def _log_slow(answer: Answer, identity: str, *, shows_questions: bool) -> None:
    logger.warning(
        "request %s: slow answer, %s",
        identity,
        {stage: round(ms) for stage, ms in answer.timings_ms.items()},
        extra={
            "request_id": identity,
            "timings_ms": answer.timings_ms,
            **({"question": answer.question} if shows_questions else {}),
        },
    )
