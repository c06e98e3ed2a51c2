"""A byline as printed -> the people in it and what each did; a first paragraph -> its dateline.

Nothing here reads a file or takes long: a byline is read up to `BYLINE_CHARS`, a dateline up to
`DATELINE_CHARS`, whatever the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from embeddings.layout.bylines import DATELINE_CHARS, NO_NAME, dateline_match
from embeddings.layout.lines import FOLD
from embeddings.layout.names import close_names, divide_names
from embeddings.layout.pieces import (
    GAVE,
    NO_SOURCE,
    ORGANISATION,
    RANKS,
    REPORTED,
    TRANSLATED,
    WROTE,
    Kind,
    Piece,
    cut_pieces,
    cut_sources,
)
from embeddings.layout.surnames import NAME_SCORE_MIN, NEVER_GIVEN, NOUN_ENDINGS, WORDS, is_pair, name_score
from embeddings.records import Dateline, Person, PersonRole

BYLINE_CHARS = 400
BULLETS = tuple("□■◆◇●○◎▲△☆★※")
SPOKEN_FOR = re.compile(
    rf"^(?:{RANKS}|现场|直击|专访|札记|独家|综合|联合|深度|热线|关注|行动|帮忙|跑腿|打探|支招|提问|解读|求证|走访|亲历"
    r"|目击|暗访|出镜|图片|本文|无人机|技术组|[等和与文图])+$|现场|新华社|翻摄"
)
COLLECTIVE = re.compile(r".{2,12}(?:编辑部|评论部|采访组|报道组|采访团|调研组|课题组)")


@dataclass(slots=True)
class _Group:
    """Words that share a title and a task, and what their people did.

    `named` says that a title or a task vouches for the first word being a name.
    """

    title: PersonRole | None = None
    roles: tuple[PersonRole, ...] = WROTE
    words: list[Piece] = field(default_factory=list)
    named: bool = False


def people_of(byline: str) -> tuple[Person, ...]:
    """The people of a byline in printed order, each name once for each thing its bearer did.

    A title (记者, 通讯员) says in what capacity someone wrote; a task before or behind the names
    (文/图, 摄) says what they did, and who only took the picture is not also counted as a reporter.
    文/图 and 摄影报道 hold for every name since the last such word, other tasks for the names of
    the last title. Empty when nobody is named.
    """
    folded = byline[:BYLINE_CHARS].translate(FOLD).strip()
    match = dateline_match(folded)
    rest = folded[match.end() :] if match else folded
    people = [person for group in _groups(list(cut_pieces(rest))) for person in _people(group)]
    if match and (match["by"] or not people) and not match["agency"].startswith("综合"):
        people = [Person(piece.text, PersonRole.SOURCE) for piece in cut_sources(match["agency"])] + people
    return tuple(dict.fromkeys(people))


def dateline_of(paragraph: str) -> Dateline | None:
    """The dateline that the first paragraph of a story begins with; `None` without one."""
    head = paragraph[:DATELINE_CHARS]
    match = dateline_match(head.translate(FOLD))
    if not match:
        return None
    # Folding keeps offsets, so the printed characters stand at the same places.
    printed = ["".join(head[slice(*match.span(name))].split()) for name in ("agency", "place", "day")]
    return Dateline(*printed)


def _leading(pieces: Sequence[Piece]) -> frozenset[int]:
    """Which tasks stand before their names: `文/甲 图/乙`, not `甲 文 乙 图`."""
    leading: set[int] = set()
    named = next((i for i, piece in enumerate(pieces) if piece.kind is Kind.WORD), len(pieces))
    closed = False  # whether the words right of here are closed by a task behind them
    for i in range(len(pieces) - 1, -1, -1):
        kind, after = pieces[i].kind, pieces[i + 1] if i + 1 < len(pieces) else None
        if kind is Kind.TASK:
            touches = i > 0 and not pieces[i].gap and pieces[i - 1].kind is Kind.WORD
            if after and not touches and _stands_before(pieces[i], after, i < named, closed):
                leading.add(i)
            closed = i not in leading
        elif kind is not Kind.WORD:
            closed = False
    return frozenset(leading)


def _stands_before(task: Piece, after: Piece, first: bool, closed: bool) -> bool:
    if after.kind is Kind.TASK:
        return False
    if ":" in after.gap or ("/" in after.gap and "/" not in task.gap):
        return True
    return first or (after.kind is Kind.WORD and not closed)


def _groups(pieces: Sequence[Piece]) -> list[_Group]:
    """The words by what stands with them: a title, a task, both or neither."""
    leading = _leading(pieces)
    groups, since = [_Group()], 0
    for i, piece in enumerate(pieces):
        last = groups[-1]
        if piece.kind is Kind.WORD:
            last.words.append(piece)
        elif piece.kind is Kind.SOURCE:
            groups += [_Group(roles=GAVE, words=[piece], named=True), _Group()]
        elif piece.kind is Kind.TITLE:
            _drop_outlet(last.words, piece)
            did = last.roles if i - 1 in leading else piece.roles
            groups.append(
                _Group(piece.roles[0], _titled(piece.roles[0], did), _nameless(pieces, i), named=True)
            )
        elif i in leading:
            groups.append(_Group(roles=piece.roles, named=True))
        else:
            _close(groups, since, piece)
            groups.append(_Group())
            since = len(groups) - 1
    return groups


def _drop_outlet(words: list[Piece], title: Piece) -> None:
    """`江风News记者`: what touches a title is an outlet."""
    touching = title.gap == "" and bool(words) and words[-1].text.isascii()
    while touching and words:
        touching = words.pop().gap == ""


def _titled(title: PersonRole | None, roles: tuple[PersonRole, ...]) -> tuple[PersonRole, ...]:
    """The roles of someone with this title: who writes does so in that capacity."""
    return tuple(dict.fromkeys(title if title and role in (*WROTE, *REPORTED) else role for role in roles))


def _nameless(pieces: Sequence[Piece], i: int) -> list[Piece]:
    """本报评论员 signs without a name."""
    alone = i + 1 == len(pieces) or pieces[i + 1].kind is not Kind.WORD
    signs = alone and pieces[i].roles == (PersonRole.COMMENTATOR,)
    return [replace(pieces[i], kind=Kind.SOURCE)] if signs else []


def _close(groups: list[_Group], since: int, task: Piece) -> None:
    """Give the task behind them to the names before it."""
    last = groups[-1]
    if task.text.endswith("报道") and len(last.words) > 1 and _is_place(last.words[-1].text, task):
        last.words.pop()
    if task.roles == GAVE and not task.gap and len(last.words) > 1:
        groups.append(_Group(words=[last.words.pop()]))
    if task.roles == TRANSLATED and len(last.words) > 1 and "," in last.words[-1].gap:
        groups.append(_Group(words=[last.words.pop()]))
    for group in groups[since:] if len(task.roles) > 1 else groups[-1:]:
        group.roles, group.named = _titled(group.title, task.roles), True


def _is_place(word: str, task: Piece) -> bool:
    """Whether the word before 报道 says from where: `记者 甲 江城报道`."""
    touches = task.text == "报道" and not task.gap
    return name_score(word) < NAME_SCORE_MIN or (touches and len(word) == 2)


def _people(group: _Group) -> Iterator[Person]:
    if group.roles == GAVE:
        names = [piece.text for piece in group.words if not NO_SOURCE.search(piece.text)]
    else:
        names = _names(group)
    for name in names:
        for role in group.roles:
            yield Person(name, role)


def _names(group: _Group) -> list[str]:
    if group.words and group.words[0].kind is Kind.SOURCE:
        return [group.words[0].text]
    names: list[str] = []
    bulleted = bool(group.words) and group.words[0].gap.strip().startswith(BULLETS)
    for word in (closed.rstrip("等") for closed in close_names(group.words)):
        if SPOKEN_FOR.search(word) or ORGANISATION.search(word) or NO_NAME.search(word):
            continue
        first = not names and (group.named or bulleted)
        if _accepted(word, first, group.title is not None):
            names.append(word)
        else:
            names += divide_names(word)
    return names


def _accepted(word: str, first: bool, titled: bool) -> bool:
    """Whether a word where a name may stand is one; behind a title nearly every short word is."""
    if word.isascii():
        return len(word) > 3 or first
    if name_score(word) >= NAME_SCORE_MIN or (first and COLLECTIVE.fullmatch(word)):
        return True
    if not 2 <= len(word) <= 4 or NEVER_GIVEN.search(word) or is_pair(word):
        return False
    return first or (titled and word not in WORDS and word[-1] not in NOUN_ENDINGS)
