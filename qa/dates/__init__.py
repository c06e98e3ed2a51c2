"""Dates: the days a question limits itself to, and the days an article speaks of.

`find_period` reads a question against the day on which it is asked, `find_days` an article against the day
of its issue. Both are pure functions, linear in the length of the text, and know Chinese and common English
phrases.
"""

from embeddings.records import Period, PeriodKind
from qa.dates.mentions import Day, find_days
from qa.dates.periods import find_period

__all__ = ["Day", "Period", "PeriodKind", "find_days", "find_period"]
