"""What a parser of dates finds at one place of a text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from qa.dates.spans import Days

InYear: TypeAlias = Callable[[int], Days]


class Told(StrEnum):
    """How the year of a phrase is told."""

    WRITTEN = "written"  # 2024年
    COUNTED = "counted"  # 去年, 昨天: counted from the day of speaking
    OPEN = "open"  # 10月12日: left to the reader


@dataclass(frozen=True, slots=True)
class Phrase:
    """Characters `start:end` of a text that name days; `days(year)` tells which.

    `year` is -1 where it is open. `month` is that of a single day or month, so that `至14日` after it can
    borrow it; 0 where there is none. `closes` is true where `前` after it still means the days named: a
    day, the end of a month.
    """

    start: int
    end: int
    days: InYear
    told: Told = Told.OPEN
    year: int = -1
    month: int = 0
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """What stands inside a year: up to `end`, and its days by the year."""

    end: int
    days: InYear
    month: int = 0
    closes: bool = False
