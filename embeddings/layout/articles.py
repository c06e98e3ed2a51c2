"""Lines with roles -> articles, with every visible character in exactly one part of one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from embeddings.layout import bylines
from embeddings.layout.lines import FOLD
from embeddings.layout.marks import Marks, role_word
from embeddings.layout.people import dateline_of, people_of
from embeddings.layout.pointers import POINTER_AT_END, POINTER_AT_START, TAIL_CHARS, pages_named
from embeddings.layout.readings import Reading, Sheet, read_lines
from embeddings.layout.reflow import close_up
from embeddings.layout.roles import ASIDE, PICTURES, TEXTS, Role
from embeddings.layout.shapes import CAPTION_WORDS, NOTICE, STOP
from embeddings.layout.tables import Tables
from embeddings.records import Article, ArticleKind, Page, Pointers, Source, article_id, distinct_ids
from embeddings.sources.untitled import first_words

PARAGRAPHS = (*TEXTS, Role.SUBHEAD, Role.SIGNATURE)
CREDITS = (Role.CREDIT, Role.PHOTO_CREDIT)
# Shorter captions are whole lines; a longer one without an end mark was wrapped.
WRAPPED_CAPTION_CHARS = 16
# Below it, where a boundary was (or was not) set is worth a look.
DOUBTFUL = 0.8


@dataclass(frozen=True, slots=True)
class Part:
    """Characters `start:end` of the page's text and what they are, in an editor's word (see `marks`)."""

    role: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line at which a boundary is uncertain: `begins` is what was decided, `confidence` 0..1 how surely."""

    line: int
    text: str
    begins: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A page as read: its articles and, in step with them, the parts of each in page order.

    Page furniture is part of the item before it, or of the first; a column's label of the item after
    it. `unused_marks` are the places in `marks` of those that fit no line.
    """

    articles: tuple[Article, ...]
    parts: tuple[tuple[Part, ...], ...]
    doubts: tuple[Doubt, ...]
    sheet: Sheet


@dataclass(slots=True)
class Draft:
    """An item while its lines are being gathered; `aside` are lines that stand by it and are not of it."""

    readings: list[Reading] = field(default_factory=list)
    aside: list[Reading] = field(default_factory=list)
    roles: set[Role] = field(default_factory=set)

    def add(self, reading: Reading) -> None:
        """Gather one more line."""
        self.readings.append(reading)
        self.roles.add(reading.role)

    def has(self, *roles: Role) -> bool:
        """Whether a line of one of these roles has been gathered."""
        return not self.roles.isdisjoint(roles)

    def texts(self, *roles: Role) -> list[str]:
        """The lines of these roles, in order."""
        return [reading.line.text for reading in self.readings if reading.role in roles]

    def text(self, *roles: Role) -> str:
        """The lines of these roles, joined by a space."""
        return " ".join(self.texts(*roles))

    def parts(self) -> tuple[Part, ...]:
        """All lines of the item and beside it, in page order."""
        lines = sorted((*self.readings, *self.aside), key=lambda reading: reading.line.start)
        return tuple(Part(role_word(r.role), r.line.start, r.line.end) for r in lines)


def read_page(page: Page, marks: Marks = ()) -> list[Article]:
    """The items of a page in the order of the text; empty only if the page has nothing but furniture."""
    return list(lay_out(page, marks).articles)


def lay_out(page: Page, marks: Marks = (), tables: Tables | None = None) -> Layout:
    """The items of a page with their parts, and where their borders are in doubt."""
    sheet = read_lines(page, marks, tables)
    drafts = gather(sheet.readings)
    return Layout(
        tuple(distinct_ids([_article(draft, page) for draft in drafts])),
        tuple(draft.parts() for draft in drafts),
        doubts(sheet.readings),
        sheet,
    )


def gather(readings: Sequence[Reading]) -> list[Draft]:
    """Group the lines into items; none if there is nothing but page furniture and labels."""
    drafts: list[Draft] = []
    pending: list[Reading] = []
    for reading in readings:
        if reading.role is Role.LABEL or (reading.role in ASIDE and not drafts):
            pending.append(reading)
        elif reading.role in ASIDE:
            drafts[-1].aside.append(reading)
        else:
            if reading.begins or not drafts:
                drafts.append(Draft(aside=pending))
                pending = []
            drafts[-1].add(reading)
    if drafts:
        drafts[-1].aside.extend(pending)
    return drafts


def doubts(readings: Sequence[Reading]) -> tuple[Doubt, ...]:
    """The lines whose boundary, or lack of one, is decided with less than `DOUBTFUL` probability."""
    return tuple(
        Doubt(r.line.row + 1, r.line.text, r.begins, round(r.confidence, 4))
        for r in readings
        if r.confidence < DOUBTFUL
    )


def _article(draft: Draft, page: Page) -> Article:
    first, last = draft.readings[0].line, draft.readings[-1].line
    body = "\n".join(paragraphs(draft))
    captions, byline = captions_of(draft), byline_of(draft)
    if not body and captions:
        body, byline, captions = _photo(draft, captions, byline)
    title = draft.text(Role.HEADLINE, Role.HEADLINE_MORE, Role.BRIEF_HEADLINE)
    text = draft.texts(*PARAGRAPHS)
    kicker = draft.text(Role.KICKER)
    shown = title or kicker or first_words(_opening(body) or byline or first.text)
    return Article(
        id=article_id(page, shown),
        title=shown,
        # Words that stand alone, without a story, must be found too.
        body=body or title or kicker or byline or first.text,
        kind=_kind(draft, title),
        kicker=kicker if title else "",
        subtitle=draft.text(Role.SUBTITLE),
        byline=byline,
        paper=page.paper,
        date=page.date,
        page=page.number,
        captions=captions,
        source=Source(page.file, first.start, last.end),
        people=people_of(byline),
        dateline=dateline_of(text[0]) if text else None,
        pointers=_pointers(draft),
        confidence=round(draft.readings[0].confidence, 4),
    )


def _opening(body: str) -> str:
    """The first line of a body without the mark of a brief."""
    return body.partition("\n")[0].lstrip("●■◆▲★○◎□◇△☆※►▶⊙ ")


def paragraphs(draft: Draft) -> list[str]:
    """The item's paragraphs with cuts closed; sub-heads and sign-offs are paragraphs too."""
    result: list[list[str]] = []
    is_open = False
    for reading in draft.readings:
        if reading.role in PARAGRAPHS:
            if is_open and reading.role is Role.BODY:
                result[-1].append(reading.line.text)
            else:
                result.append([reading.line.text])
            is_open = reading.open
    texts = (without_pointers(close_up(pieces)) for pieces in result)
    return [text for text in texts if text]


def without_pointers(paragraph: str) -> str:
    """The paragraph without `(上接第一版)` before it or `(下转第三版)` after it."""
    folded = paragraph.translate(FOLD)
    start = POINTER_AT_START.match(folded)
    end = POINTER_AT_END.search(folded, max(0, len(folded) - TAIL_CHARS))
    return paragraph[start.end() if start else 0 : end.start() if end else None].strip()


def captions_of(draft: Draft) -> tuple[str, ...]:
    """The captions in order, each with the credit that follows it; a wrapped caption is one."""
    result: list[str] = []
    for reading in draft.readings:
        if reading.role in CREDITS and result:
            result[-1] = f"{result[-1]} {reading.line.text}"
        elif reading.role in PICTURES and result and _goes_on(result[-1], reading):
            result[-1] = close_up((result[-1], reading.line.text))
        elif reading.role in PICTURES:
            result.append(reading.line.text)
    return tuple(result)


def _goes_on(caption: str, reading: Reading) -> bool:
    """Whether a line is the rest of a caption that was wrapped."""
    folded = caption.translate(FOLD)
    ended = STOP.search(folded[-6:]) or folded[-1] in "!?)" or bylines.credit_start(folded) < len(folded)
    long = len(caption) >= WRAPPED_CAPTION_CHARS
    return long and not ended and not reading.line.blanks and not CAPTION_WORDS.match(reading.line.folded)


def byline_of(draft: Draft) -> str:
    """Who wrote the item: byline lines, else the names in its lead; each name line once."""
    lead = [bylines.lead_byline(text) for text in draft.texts(Role.LEAD, Role.UNTITLED, Role.BRIEF)]
    lines = [
        bylines.line_byline(text) for text in draft.texts(Role.BYLINE_ABOVE, Role.BYLINE, Role.END_BYLINE)
    ]
    last = [bylines.end_byline(text) for text in draft.texts(*TEXTS)[-1:]]
    found = list(filter(None, lead + lines)) or last
    return " ".join(dict.fromkeys(filter(None, found)))


def _photo(draft: Draft, captions: tuple[str, ...], byline: str) -> tuple[str, str, tuple[str, ...]]:
    """Body, byline and captions of an item that is only a picture: the first caption is its text."""
    first = captions[0]
    credit = next(iter(draft.texts(*CREDITS)), "")
    if not (first.endswith(f" {credit}") and bylines.is_credit(credit.translate(FOLD))):
        credit = first[bylines.credit_start(first.translate(FOLD)) :]
    text = first.removesuffix(credit).strip()
    named = " ".join(filter(None, (byline, bylines.line_byline(credit))))
    return text or first, named, captions[1:]


def _kind(draft: Draft, title: str) -> ArticleKind:
    text = next((r.line.folded for r in draft.readings if r.role in TEXTS), "")
    if draft.has(Role.POINTER_FROM) or POINTER_AT_START.match(text):
        return ArticleKind.CONTINUATION
    if draft.has(Role.BRIEF):
        return ArticleKind.BRIEF
    if draft.has(*PICTURES) and not draft.has(*TEXTS, Role.SUBHEAD):
        return ArticleKind.PHOTO
    if title and NOTICE.fullmatch(title.translate(FOLD)):
        return ArticleKind.NOTICE
    return ArticleKind.ARTICLE


def _pointers(draft: Draft) -> Pointers:
    """The pages that the item names as holding its other halves, as printed."""
    lines = [r.line.folded for r in draft.readings if r.role in (*TEXTS, Role.POINTER_FROM, Role.POINTER_TO)]
    named = [pages_named(folded) for folded in lines]
    return Pointers(
        next((before for before, _ in named if before), ""),
        next((after for _, after in reversed(named) if after), ""),
    )
