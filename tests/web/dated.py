"""A fake service that reads `上周` out of a question, with replies for all that an answer may show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from embeddings.records import Answer, AnswerKind, Filters, Period
from tests.web import samples
from tests.web.fakes import FakeService

LAST_WEEK = Period(date(2026, 10, 5), date(2026, 10, 11), "上周", 0, 2)
DATED = "上周秋茶收了多少？"
DATED_REPLY = samples.reply(
    "云岭乡的秋茶收了尾，今年共采鲜叶87吨，比去年多出6吨[1]。",
    samples.cite(1, samples.TEA, "云岭乡的秋茶收了尾，今年共采鲜叶87吨，比去年多出6吨。"),
)
DROPPED = "上周轮渡票价是多少？"
DROPPED_REPLY = replace(
    samples.reply(
        "南渡口的轮渡还是两块钱一张票[1]。",
        samples.cite(1, samples.FERRY, "南渡口的轮渡还是两块钱一张票。"),
    ),
    period_dropped=True,
)
SEATS = "图书馆添了多少把椅子？"
SEATS_SENTENCE = "自习区的236个座位在七点半以前就坐满了，馆里临时把报告厅也打开，又添了120把椅子。"
SEATS_REPLY = replace(
    samples.reply(
        f"120把。[1]\n{SEATS_SENTENCE}[1]",
        samples.cite(1, samples.LIBRARY, SEATS_SENTENCE),
        samples.cite(2, samples.FERRY, "南渡口的轮渡还是两块钱一张票。"),
        kind=AnswerKind.SPAN,
    ),
    span="120把",
)
GROWN = "秋茶比去年多出几吨？"
GROWN_REPLY = replace(
    samples.reply(
        "6吨。[1]", samples.cite(1, samples.TEA, "今年共采鲜叶87吨，比去年多出6吨"), kind=AnswerKind.SPAN
    ),
    span="6吨",
)
FERRY_STOPS = "轮渡会停吗？"
FERRY_STOPS_REPLY = replace(
    samples.reply(
        "不是。区交通局说，轮渡今后五年不会停。[1]",
        samples.cite(1, samples.FERRY, "区交通局说，轮渡今后五年不会停。"),
        kind=AnswerKind.YES_NO,
    ),
    verdict="no",
    span="五年",
)
WRITTEN = "秋茶为什么好？"
WRITTEN_REPLY = replace(
    samples.reply("雨水均匀，叶子厚[1]。", samples.cite(1, samples.TEA, "茶农说，雨水匀，叶子厚。")),
    model="<b>qwen3:8b</b>",
)
OUTSIDE = "1998年的票价是多少？"
OUTSIDE_REPLY = replace(
    samples.reply("收录的报纸从2026年10月11日开始，没有1998年的。", related=(samples.FERRY,)),
    reason="outside_dates",
)
FOLLOW_UP = "那它呢？"
FOLLOW_UP_REPLY = samples.NIGHT_REPLY
COMPLETED = "那南渡口的轮渡呢？"
REPLIES: dict[str, Any] = {
    DATED: DATED_REPLY,
    DROPPED: DROPPED_REPLY,
    SEATS: SEATS_REPLY,
    GROWN: GROWN_REPLY,
    FERRY_STOPS: FERRY_STOPS_REPLY,
    WRITTEN: WRITTEN_REPLY,
    OUTSIDE: OUTSIDE_REPLY,
    FOLLOW_UP: FOLLOW_UP_REPLY,
}


@dataclass
class DatedService(FakeService):
    """Limits what says `上周` to last week, unless it was given days or told not to."""

    def made(self, answer: Answer, filters: Filters, *, use_period: bool) -> Answer:
        """The reply with what was read out of its question."""
        if use_period and not filters and answer.question.startswith(LAST_WEEK.text):
            return replace(answer, period=LAST_WEEK)
        completed = COMPLETED if answer.question == FOLLOW_UP else answer.standalone_question
        return replace(answer, standalone_question=completed, period_dropped=False)


def dated_service() -> DatedService:
    """The service with the replies above beside the samples' own."""
    return DatedService(replies={**samples.REPLIES, **REPLIES})
