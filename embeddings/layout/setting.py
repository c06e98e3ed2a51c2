"""How a page is set, and how each line stands in it: blank lines, indents, width, size of type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from embeddings.layout.lines import Line

SHORT_PIECE_CHARS = 24
SET_OFF_LINES, SET_OFF_SHARE = 3, 0.45
INDENTED_SHARE = 0.2
# A page is hard-wrapped where this share of its lines ends within two characters of the usual full line.
WRAPPED_SHARE, FULL_LINE_SLACK, WRAPPED_LINES = 0.35, 2, 12
WRAPPED_CHARS = (10, 60)
# Type sizes in units of the body type: what still counts as body, and what only main headlines have.
BODY_SIZES = (0.93, 1.15)
HUGE_SIZE = 1.8


@dataclass(frozen=True, slots=True)
class Habits:
    """How this page is set: usual blank lines between lines, whether paragraphs are indented.

    `sets_off`: few lines have more blank lines before them than usual, so those that have say something.
    `full_line` is the length of a full line where the page is hard-wrapped, 0 where it is not.
    """

    gap: int
    indents: bool
    sets_off: bool = False
    full_line: int = 0


def habits_of(lines: list[Line]) -> Habits:
    """How the lines of a page are set."""
    if not lines:
        return Habits(0, indents=False)
    indented = sum(line.indented for line in lines)
    gap = median_low(line.blanks for line in lines)
    set_off = sum(line.blanks > gap for line in lines[1:])
    return Habits(
        gap,
        indents=2 <= indented < len(lines) and indented >= INDENTED_SHARE * len(lines),
        sets_off=set_off >= SET_OFF_LINES and set_off <= SET_OFF_SHARE * len(lines),
        full_line=_full_line([line.indent + len(line.text) for line in lines]),
    )


def _full_line(lengths: Sequence[int]) -> int:
    """The length that so many lines share that the page must be hard-wrapped at it; 0 if there is none."""
    low, high = WRAPPED_CHARS
    if len(lengths) < WRAPPED_LINES:
        return 0
    near = {n: sum(n - FULL_LINE_SLACK <= m <= n for m in lengths) for n in set(lengths) if low <= n <= high}
    full = max(near, key=lambda n: (near[n], n), default=0)
    return full if full and near[full] >= WRAPPED_SHARE * len(lengths) else 0


def size_of(line: Line, sizes: Sequence[float]) -> set[str]:
    """How large the type is, where the page knows it."""
    size = sizes[line.row] if line.row < len(sizes) else 0.0
    if size <= 0:
        return set()
    names = {"size_small" if size < BODY_SIZES[0] else "size_body" if size <= BODY_SIZES[1] else "size_large"}
    return names | {"size_huge"} if size >= HUGE_SIZE else names


def setting_of(i: int, lines: list[Line], alone: list[set[str]], habits: Habits) -> set[str]:
    """How line `i` is set off from its neighbours; `alone` is what each line shows by itself."""
    names: set[str] = set()
    if lines[i].blanks > habits.gap + 1:
        names.add("wide_gap")
        if i and alone[i - 1] & {"ends_plain", "ends_comma"}:
            names.add("cuts_in")
    if habits.sets_off:
        names.add("set_off" if lines[i].blanks > habits.gap or not i else "run_on")
        next_off = i + 1 == len(lines) or lines[i + 1].blanks > habits.gap
        names.add("set_off_after" if next_off else "run_on_after")
    if i and lines[i].blanks < habits.gap:
        names.add("tight")
    if i + 1 < len(lines) and lines[i + 1].blanks > habits.gap + 1:
        names.add("wide_gap_after")
    if habits.indents:
        names.add("indented" if lines[i].indented else "flush")
    if _stands_between(i, lines, alone) and not habits.full_line:
        names.add("short_between")
    if habits.full_line:
        short = habits.full_line - lines[i].indent - len(lines[i].text)
        names.add(
            "full_line" if -1 <= short <= FULL_LINE_SLACK else "short_line" if short > 0 else "long_line"
        )
    return names


def _stands_between(i: int, lines: list[Line], alone: list[set[str]]) -> bool:
    """Whether a short line without an end stands after a sentence left open: pieces of text are longer."""
    left_open = {"ends_plain", "ends_comma"}
    short = len(lines[i].text) <= SHORT_PIECE_CHARS and "ends_plain" in alone[i]
    return (
        short
        and i > 0
        and "long" not in alone[i]
        and "heading_like" not in alone[i - 1]
        and bool(alone[i - 1] & left_open)
    )
