"""Measure readers of dates on the table of cases: ours and whichever libraries are installed.

    python -m tests.bench.dates

The table was written for this project, and ours was mended on it: its own figure says that it does what it
was meant to do, not how it would do elsewhere. Others are given the bare phrase, which favours them: they
need not find it in the question (`in question` lets those that can search do so). A right answer is the
same first and last day; cases with an open end or a day that does not exist are left out, and a question
that names no days is counted apart (`taken wrongly`, lower is better). The time is of one phrase; the
import's is of a fresh process.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

TABLE = Path(__file__).parents[1] / "data" / "dates.jsonl"
Range: TypeAlias = tuple[date, date] | None
Read: TypeAlias = Callable[[str, date], Range]


def _ours() -> tuple[Read, Read]:
    from qa.dates import find_period

    def read(text: str, today: date) -> Range:
        period = find_period(text, today)
        return (period.first, period.last) if period and period.first and period.last else None

    return read, read


def _dateparser() -> tuple[Read, Read]:
    module = importlib.import_module("dateparser.date")
    search = importlib.import_module("dateparser.search").search_dates

    def settings(today: date) -> dict[str, Any]:
        base = datetime(today.year, today.month, today.day)  # noqa: DTZ001 - a calendar day
        return {"RELATIVE_BASE": base, "PREFER_DATES_FROM": "past"}

    def read(text: str, today: date) -> Range:
        reader = module.DateDataParser(languages=["zh", "en"], settings=settings(today))
        found = reader.get_date_data(text)
        return _whole(found.date_obj.date(), found.period) if found.date_obj else None

    def find(text: str, today: date) -> Range:
        found = search(text, languages=["zh", "en"], settings=settings(today))
        return read(found[0][0], today) if found else None

    return read, find


def _whole(day: date, period: str) -> Range:
    """The week, month or year that the library says it means."""
    if period == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    if period == "month":
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        return day.replace(day=1), following - timedelta(days=1)
    return day, day


def _jionlp() -> tuple[Read, Read]:
    module = importlib.import_module("jionlp")
    extract = module.ner.TimeExtractor()

    def base(today: date) -> dict[str, int]:
        return {"year": today.year, "month": today.month, "day": today.day}

    def days(found: Any) -> Range:
        moments = found.get("time")
        if not isinstance(moments, list) or found.get("type") not in {"time_point", "time_span"}:
            return None
        first, last = (datetime.fromisoformat(moment) for moment in moments)
        return first.date(), last.date()

    def read(text: str, today: date) -> Range:
        return days(module.parse_time(text, time_base=base(today)))

    def find(text: str, today: date) -> Range:
        now = datetime(today.year, today.month, today.day)  # noqa: DTZ001 - a calendar day
        found = extract(text, time_base=now.timestamp(), with_parsing=True)
        return days(found[0]["detail"]) if found else None

    return read, find


def _recognizers() -> tuple[Read, Read]:
    module = importlib.import_module("recognizers_date_time")

    def read(text: str, today: date) -> Range:
        culture = "en-us" if text.isascii() else "zh-cn"
        now = datetime(today.year, today.month, today.day)  # noqa: DTZ001 - a calendar day
        for found in module.recognize_datetime(text, culture, reference=now):
            for value in (found.resolution or {}).get("values", [])[:1]:
                return _recognized(value)
        return None

    return read, read


def _recognized(value: dict[str, str]) -> Range:
    if value.get("value"):
        day = date.fromisoformat(value["value"][:10])
        return day, day
    if value.get("start") and value.get("end"):
        first, end = (date.fromisoformat(value[name][:10]) for name in ("start", "end"))
        # The end of a whole week or month is the day after it, but that of a written range its last day.
        is_after = end.day == 1 or ((end - first).days == 7 and end.weekday() == 0)
        return first, end - timedelta(days=1) if is_after else end
    return None


READERS: tuple[tuple[str, str, Callable[[], tuple[Read, Read]]], ...] = (
    ("ours", "qa.dates", _ours),
    ("dateparser", "dateparser", _dateparser),
    ("jionlp", "jionlp", _jionlp),
    ("recognizers-text", "recognizers_date_time", _recognizers),
)


def _safely(read: Read, text: str, today: date) -> Range:
    """What a reader says; a library that fails on a phrase has not understood it."""
    try:
        return read(text, today)
    except Exception:  # noqa: BLE001 - whatever a library raises
        return None


def _import_ms(module: str) -> float:
    clock = "time.perf_counter()"
    code = f"import time; begun = {clock}; import {module}; print(({clock} - begun) * 1000)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(out.stdout.split()[-1])


def main() -> None:
    """Print a line for each reader that is installed."""
    logging.disable(logging.CRITICAL)  # jionlp logs a traceback for each phrase that it cannot read
    cases = [json.loads(line) for line in TABLE.read_text(encoding="utf-8").splitlines()]
    dated = [case for case in cases if case["phrase"] and case["first"] and case["last"]]
    undated = [case for case in cases if not case["phrase"]]
    print(f"{len(dated)} phrases, {len(undated)} questions without days")
    print(f"{'':18}phrase  in question  taken wrongly  ms a phrase  import ms")
    for name, module, make in READERS:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            print(f"{name:18}not installed")
            continue
        read, find = make()
        _safely(read, "昨天", date(2026, 11, 23))
        begun = time.perf_counter()
        right = sum(_is_right(read, case, case["phrase"]) for case in dated)
        each_ms = (time.perf_counter() - begun) / len(dated) * 1000
        found = sum(_is_right(find, case, case["question"]) for case in dated)
        wrong = sum(
            _safely(find, case["question"], date.fromisoformat(case["today"])) is not None for case in undated
        )
        print(
            f"{name:18}{right / len(dated):6.3f}  {found / len(dated):11.3f}  {wrong / len(undated):13.3f}"
            f"  {each_ms:11.2f}  {_import_ms(module):9.0f}"
        )


def _is_right(read: Read, case: dict[str, Any], text: str) -> bool:
    found = _safely(read, text, date.fromisoformat(case["today"]))
    return found == (date.fromisoformat(case["first"]), date.fromisoformat(case["last"]))


if __name__ == "__main__":
    main()
