"""Characters with positions -> lines of type. Top-down coordinates in points."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from embeddings.sources.radicals import unified
from embeddings.sources.typeset import TypeLine

# In units of the larger type of the two characters.
CLOSE = 0.8
CLOSE_OVER_BLANK = 1.5
OVERLAP = 0.6
SAME_BASELINE = 0.3
LATIN_BLANK = 0.2
HAN_BLANK = 0.18
MIXED_BLANK = 0.45
MANY_GAPS = 4
VERTICAL_STEP = (0.7, 2.0)
SAME_AXIS = 0.2
# Bold is faked by printing twice, a little apart: in points.
TWICE = 0.5


@dataclass(frozen=True, slots=True)
class Glyph:
    """One visible character: its advance box, its baseline, and whether a blank stands before it."""

    character: str
    left: float
    right: float
    baseline: float
    size: float
    after_blank: bool = False


Run = list[Glyph]


def type_lines(glyphs: Sequence[Glyph]) -> list[TypeLine]:
    """The lines that the characters stand in, in no promised order.

    Neighbours in the file that follow each other on one baseline make runs, runs that abut make
    lines. Characters that follow each other straight down make a vertical line.
    """
    runs = _runs(printed_once(glyphs))
    upright = [run for run in runs if not _is_vertical(run)]
    lines = [_line(run) for run in _abutted(upright)]
    return lines + [_vertical_line(run) for run in runs if _is_vertical(run)]


def printed_once(glyphs: Iterable[Glyph]) -> list[Glyph]:
    """The characters without those printed again in the same place."""
    seen: dict[tuple[str, int, int], list[Glyph]] = {}
    kept = []
    for glyph in glyphs:
        column, row = int(glyph.left // TWICE), int(glyph.baseline // TWICE)
        near = (
            other
            for x in (column - 1, column, column + 1)
            for y in (row - 1, row, row + 1)
            for other in seen.get((glyph.character, x, y), ())
        )
        if any(_same_place(glyph, other) for other in near):
            continue
        seen.setdefault((glyph.character, column, row), []).append(glyph)
        kept.append(glyph)
    return kept


def _same_place(one: Glyph, other: Glyph) -> bool:
    return abs(one.left - other.left) < TWICE and abs(one.baseline - other.baseline) < TWICE


def _runs(glyphs: Sequence[Glyph]) -> list[Run]:
    runs: list[Run] = []
    for glyph in glyphs:
        if runs and _follows(runs[-1], glyph):
            runs[-1].append(glyph)
        else:
            runs.append([glyph])
    return runs


def _follows(run: Run, glyph: Glyph) -> bool:
    last = run[-1]
    if _is_vertical(run):
        return _is_under(last, glyph)
    if _on_row(last, glyph, CLOSE_OVER_BLANK if glyph.after_blank else CLOSE):
        return True
    return len(run) == 1 and _is_under(last, glyph)


def _on_row(last: Glyph, glyph: Glyph, reach: float) -> bool:
    size = max(last.size, glyph.size)
    if abs(last.baseline - glyph.baseline) > SAME_BASELINE * size:
        return False
    gap = (glyph.left - last.right) / size
    return -OVERLAP <= gap <= reach


def _is_under(last: Glyph, glyph: Glyph) -> bool:
    """Whether the character stands straight below, as in vertical writing."""
    if abs(last.size - glyph.size) > 0.1 * last.size:
        return False
    axis = abs((last.left + last.right) - (glyph.left + glyph.right)) / 2
    step = (glyph.baseline - last.baseline) / last.size
    return axis <= SAME_AXIS * last.size and VERTICAL_STEP[0] <= step <= VERTICAL_STEP[1]


def _is_vertical(run: Run) -> bool:
    return len(run) > 1 and run[1].baseline - run[0].baseline > SAME_BASELINE * run[0].size


def _abutted(runs: Sequence[Run]) -> list[Run]:
    """Runs made longer by those that begin where they end, whatever their order in the file."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: r[0].baseline):
        if rows and run[0].baseline - rows[-1][-1][0].baseline <= SAME_BASELINE * run[0].size:
            rows[-1].append(run)
        else:
            rows.append([run])
    joined: list[Run] = []
    for row in rows:
        open_runs: list[Run] = []
        for run in sorted(row, key=lambda r: r[0].left):
            near = (other for other in reversed(open_runs[-8:]) if _on_row(other[-1], run[0], CLOSE))
            before = next(near, None)
            if before is None:
                open_runs.append(list(run))
            else:
                before.extend(run)
        joined += open_runs
    return joined


def _line(run: Run) -> TypeLine:
    size = _usual_size(run)
    baseline = run[0].baseline
    return TypeLine(
        _text(run),
        min(glyph.left for glyph in run),
        baseline - 0.88 * size,
        max(glyph.right for glyph in run),
        baseline + 0.12 * size,
        size,
    )


def _vertical_line(run: Run) -> TypeLine:
    size = _usual_size(run)
    return TypeLine(
        unified("".join(glyph.character for glyph in run)),
        min(glyph.left for glyph in run),
        run[0].baseline - 0.88 * size,
        max(glyph.right for glyph in run),
        run[-1].baseline + 0.12 * size,
        size,
    )


def _usual_size(run: Run) -> float:
    sizes = sorted(glyph.size for glyph in run)
    return sizes[len(sizes) // 2]


def _text(run: Run) -> str:
    gaps = [_gap(last, glyph) for last, glyph in itertools.pairwise(run)]
    # Justified lines are spaced out evenly: only what is wider than the rest is a blank.
    usual = max(0.0, sorted(gaps)[len(gaps) // 2]) if len(gaps) >= MANY_GAPS else 0.0
    text = run[0].character
    for (last, glyph), gap in zip(itertools.pairwise(run), gaps, strict=True):
        if glyph.after_blank or gap - usual > _blank(last.character, glyph.character):
            text += " "
        text += glyph.character
    return unified(text)


def _gap(last: Glyph, glyph: Glyph) -> float:
    return (glyph.left - last.right) / max(last.size, glyph.size)


def _blank(before: str, after: str) -> float:
    """The least white between two characters that reads as a blank, in units of the type."""
    if before.isascii() and after.isascii():
        return LATIN_BLANK
    if before.isalnum() and after.isalnum() and not before.isascii() and not after.isascii():
        return HAN_BLANK
    return MIXED_BLANK  # typesetters put a quarter of an em beside Latin words and figures
