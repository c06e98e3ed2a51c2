"""What a page is cut into: lines and figures, and plain geometry over lists of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from embeddings.sources.typeset import Box, TypeLine, around

# In units of the body type.
HEADING_SIZE = 1.15
ROW = 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture with the lines of its caption, cut and moved as one thing."""

    left: float
    top: float
    right: float
    bottom: float
    caption: tuple[TypeLine, ...] = ()


Atom = TypeLine | Figure


def is_heading(atom: Atom, body: float) -> bool:
    """Whether it is a line in larger type than the body."""
    return isinstance(atom, TypeLine) and atom.size > HEADING_SIZE * body


def first_row(atoms: Sequence[Atom], body: float) -> list[Atom]:
    """Those that begin at the top, whatever their height."""
    top = min(atom.top for atom in atoms)
    return [atom for atom in atoms if atom.top < top + ROW * body]


def last_row(atoms: Sequence[Atom], body: float) -> list[Atom]:
    """Those that end at the foot."""
    bottom = max(atom.bottom for atom in atoms)
    return [atom for atom in atoms if atom.bottom > bottom - ROW * body]


def lines_of(atoms: Sequence[Atom]) -> list[TypeLine]:
    """The lines without the figures."""
    return [atom for atom in atoms if isinstance(atom, TypeLine)]


def around_atoms(atoms: Sequence[Atom]) -> Box:
    """The smallest box that holds all of them."""
    return around(Box(atom.left, atom.top, atom.right, atom.bottom) for atom in atoms)


def edges_of(atoms: Sequence[Atom]) -> tuple[float, float]:
    """The left and right edge of the type among them; of the figures where there is none."""
    held = lines_of(atoms) or atoms
    return min(atom.left for atom in held), max(atom.right for atom in held)


def gaps(spans: Sequence[tuple[float, float]], least: float) -> list[float]:
    """Middles of the gaps wider than `least` that no span covers; `spans` sorted by their begin."""
    found = []
    reach = spans[0][1]
    for begin, end in spans:
        if begin - reach > least:
            found.append((begin + reach) / 2)
        reach = max(reach, end)
    return found


def split_down(atoms: Sequence[Atom], ys: Sequence[float]) -> list[list[Atom]]:
    """The parts between the heights `ys`, from the top, without empty ones."""
    parts: list[list[Atom]] = [[] for _ in range(len(ys) + 1)]
    for atom in atoms:
        parts[sum(y < atom.bottom for y in ys)].append(atom)
    return [part for part in parts if part]


def split_across(atoms: Sequence[Atom], xs: Sequence[float]) -> list[list[Atom]]:
    """The parts between the places `xs`, from the left, without empty ones."""
    parts: list[list[Atom]] = [[] for _ in range(len(xs) + 1)]
    for atom in atoms:
        parts[sum(x < atom.right for x in xs)].append(atom)
    return [part for part in parts if part]


def in_rows(atoms: Sequence[Atom]) -> list[Atom]:
    """From top to bottom; what stands on one row from left to right."""
    ordered: list[Atom] = []
    row: list[Atom] = []
    for atom in sorted(atoms, key=lambda a: (a.top + a.bottom) / 2):
        if row and (atom.top + atom.bottom) / 2 > row[0].bottom - 0.2 * (row[0].bottom - row[0].top):
            ordered += sorted(row, key=lambda a: a.left)
            row = []
        row.append(atom)
    return ordered + sorted(row, key=lambda a: a.left)
