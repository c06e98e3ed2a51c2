"""What is seen of every line of a page: by itself, beside its neighbours, and in the setting of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.layout.lines import Line
from embeddings.layout.reflow import Seams
from embeddings.layout.setting import habits_of, setting_of, size_of
from embeddings.layout.shapes import shapes_of
from embeddings.layout.topics import Topics

MAX_STRETCH = 6
SEEN_BESIDE = frozenset(
    (
        "lead byline credit credit_at_end dash heading_like scene dated starts_with_verb early_colon"
        " subject contact says verbless column_name see_page tabular numbered_in_words stands_for_author"
        " bullet bracketed_names ends_stop ends_plain ends_comma notice folio furniture organisation label"
        " long numbered question caption_words from_elsewhere goes_elsewhere pointer_to pointer_from"
        " note_words size_large size_huge size_small"
    ).split()
)


@dataclass(frozen=True, slots=True)
class Features:
    """What is seen of one line: names that hold, and measures between about -1 and 1.

    `seams` names the evidence for and against the line going on with the text above it.
    """

    names: frozenset[str]
    measures: dict[str, float]
    seams: frozenset[str]

    def __contains__(self, name: str) -> bool:
        return name in self.names


def observe(lines: list[Line], sizes: Sequence[float] = ()) -> list[Features]:
    """Features of every line, in order; the cost grows with the length of the page.

    `sizes` are those of `Page.sizes`: one for each row of the page, or none.
    """
    alone = [shapes_of(line) | size_of(line, sizes) for line in lines]
    habits = habits_of(lines)
    topics = Topics(lines)
    headings = ["heading_like" in names for names in alone]
    names = [
        alone[i]
        | _neighbours(i, alone)
        | _against_next(i, lines, alone)
        | setting_of(i, lines, alone, habits)
        | _stretch(i, headings)
        for i in range(len(lines))
    ]
    seams = Seams(lines, names)
    return [
        Features(
            frozenset(names[i]),
            topics.measure(i, headings) | ({"heading": 1.0} if headings[i] else {}),
            seams.evidence(i),
        )
        for i in range(len(lines))
    ]


def _neighbours(i: int, alone: list[set[str]]) -> set[str]:
    """What stands before and after, as `before:…`, `after:…` and, one further, `beyond:…`."""
    nothing: set[str] = set()
    before = alone[i - 1] if i else nothing
    after = alone[i + 1] if i + 1 < len(alone) else nothing
    beyond = alone[i + 2] if i + 2 < len(alone) else nothing
    names = {f"before:{name}" for name in before & SEEN_BESIDE} | {
        f"after:{name}" for name in after & SEEN_BESIDE
    }
    names |= {f"beyond:{name}" for name in beyond & SEEN_BESIDE}
    if not i:
        names.add("first")
    if i + 1 == len(alone):
        names.add("last")
    return names


def _against_next(i: int, lines: list[Line], alone: list[set[str]]) -> set[str]:
    """How the lengths of two possible headings, one under the other, compare."""
    names: set[str] = set()
    for near, beside in ((i + 1, "below"), (i - 1, "above")):
        if 0 <= near < len(lines) and "heading_like" in alone[i] & alone[near]:
            longer = len(lines[i].text) - len(lines[near].text)
            names.add(f"{'longer' if longer > 2 else 'shorter' if longer < -2 else 'as_long'}:{beside}")
    return names


def _stretch(i: int, headings: Sequence[bool]) -> set[str]:
    """How many lines of text stand between this heading and the one before it, and the one after it."""
    if not headings[i]:
        return set()
    before = next((k for k in range(MAX_STRETCH) if i - k < 1 or headings[i - k - 1]), MAX_STRETCH)
    after = next(
        (k for k in range(MAX_STRETCH) if i + k + 1 >= len(headings) or headings[i + k + 1]), MAX_STRETCH
    )
    return {f"texts_before={before}", f"texts_after={after}"}
