"""Lines with roles -> articles."""

from __future__ import annotations

from dataclasses import dataclass, field

from embeddings.layout import bylines
from embeddings.layout.features import NOTICE, POINTER_AT_END, POINTER_AT_START
from embeddings.layout.lines import FOLD
from embeddings.layout.reflow import close_up
from embeddings.layout.roles import Reading, read_roles
from embeddings.layout.weights import TEXTS, Role
from embeddings.records import Article, ArticleKind, Page, Source, article_id, distinct_ids
from embeddings.sources.untitled import first_words

ASIDE = (Role.FURNITURE, Role.LABEL)
PICTURE = (Role.CAPTION, Role.CREDIT)
HEADS = (Role.KICKER, Role.HEADLINE, Role.HEADLINE_MORE, Role.SUBTITLE, Role.BYLINE)
LOOK_AHEAD_LINES = 12
STORY_GOES_ON = (Role.BODY, Role.SUBHEAD, Role.END_BYLINE, Role.SIGNATURE, Role.POINTER_TO)


@dataclass(slots=True)
class Draft:
    """An item while its lines are being gathered."""

    readings: list[Reading] = field(default_factory=list)
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


def read_page(page: Page) -> list[Article]:
    """The items of a page in the order of the text; empty only if the page has no text at all."""
    drafts = gather(read_roles(page.text))
    return distinct_ids([_article(draft, page) for draft in drafts])


def gather(readings: list[Reading]) -> list[Draft]:
    """Group the lines into items; page furniture and column labels belong to none."""
    drafts: list[Draft] = []
    for i, reading in enumerate(readings):
        if reading.role in ASIDE:
            continue
        if not drafts or _begins(reading, i, readings, drafts[-1]):
            drafts.append(Draft())
        drafts[-1].add(reading)
    return drafts


def _begins(reading: Reading, i: int, readings: list[Reading], draft: Draft) -> bool:
    """Whether this line begins a new item rather than going on with `draft`."""
    role = reading.role
    if role in (Role.KICKER, Role.BRIEF_HEADLINE):
        return True
    if role is Role.POINTER_FROM:
        return draft.has(Role.BODY, Role.LEAD, *PICTURE)
    if role is Role.BRIEF:
        return draft.has(*(set(Role) - {Role.BRIEF_HEADLINE, Role.BYLINE}))
    if role is Role.HEADLINE:
        return draft.has(*(set(Role) - {Role.KICKER, Role.POINTER_FROM}))
    if role is Role.LEAD:
        return draft.has(Role.BODY, Role.LEAD, Role.BRIEF, Role.END_BYLINE, Role.SIGNATURE) or not draft.has(
            *HEADS
        )
    if role is Role.CAPTION:
        return _stands_alone(i, readings, draft)
    if role in (Role.BODY, Role.SUBHEAD):
        return draft.has(Role.END_BYLINE, Role.SIGNATURE, Role.POINTER_TO) or _is_photo(draft)
    return False


def _is_photo(draft: Draft) -> bool:
    return draft.roles.issubset(PICTURE)


def _stands_alone(i: int, readings: list[Reading], draft: Draft) -> bool:
    """Whether the caption at `i` is an item of its own: between two items, not inside one."""
    if readings[i].open:
        return False
    if _is_photo(draft):
        return _is_credited(readings[i - 1])
    if draft.has(Role.END_BYLINE, Role.SIGNATURE, Role.POINTER_TO):
        return True
    if not draft.has(Role.BODY, Role.LEAD, Role.BRIEF):
        return False
    ahead = (reading.role for reading in readings[i + 1 : i + 1 + LOOK_AHEAD_LINES])
    after = next((role for role in ahead if role not in (*PICTURE, Role.FURNITURE)), None)
    return readings[i].apart and after not in STORY_GOES_ON


def _is_credited(reading: Reading) -> bool:
    """Whether a picture's text ends with this line."""
    folded = reading.line.folded
    return reading.role is not Role.CAPTION or bylines.credit_start(folded) < len(folded)


def _article(draft: Draft, page: Page) -> Article:
    first, last = draft.readings[0].line, draft.readings[-1].line
    body = "\n".join(paragraphs(draft))
    captions, byline = captions_of(draft), byline_of(draft)
    if not body and captions:
        body, byline, captions = _photo(captions, byline)
    title = draft.text(Role.HEADLINE, Role.HEADLINE_MORE, Role.BRIEF_HEADLINE)
    kicker = draft.text(Role.KICKER)
    shown = title or kicker or first_words(body.lstrip("●■◆▲★○◎□◇△☆※►▶⊙ ") or byline or first.text)
    return Article(
        id=article_id(page, shown),
        title=shown,
        # Words that stand alone, without a story, must be found too.
        body=body or title or kicker,
        kind=_kind(draft, title),
        kicker=kicker if title else "",
        subtitle=draft.text(Role.SUBTITLE),
        byline=byline,
        paper=page.paper,
        date=page.date,
        page=page.number,
        captions=captions,
        source=Source(page.file, first.start, last.end),
    )


def paragraphs(draft: Draft) -> list[str]:
    """The item's paragraphs with cuts closed; sub-heads and sign-offs are paragraphs too."""
    result: list[list[str]] = []
    is_open = False
    for reading in draft.readings:
        if reading.role in (Role.LEAD, Role.BODY, Role.BRIEF, Role.SUBHEAD, Role.SIGNATURE):
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
    end = POINTER_AT_END.search(folded, max(0, len(folded) - 40))
    return paragraph[start.end() if start else 0 : end.start() if end else None].strip()


def captions_of(draft: Draft) -> tuple[str, ...]:
    """The captions in order, each with the credit that follows it."""
    result: list[str] = []
    for reading in draft.readings:
        if reading.role is Role.CREDIT and result:
            result[-1] = f"{result[-1]} {reading.line.text}"
        elif reading.role in PICTURE:
            result.append(reading.line.text)
    return tuple(result)


def byline_of(draft: Draft) -> str:
    """Who wrote the item: byline lines, else the names in its lead; each name line once."""
    lead = [bylines.lead_byline(text) for text in draft.texts(Role.LEAD)]
    lines = [bylines.line_byline(text) for text in draft.texts(Role.BYLINE, Role.END_BYLINE)]
    last = [bylines.end_byline(text) for text in draft.texts(Role.BODY, Role.BRIEF)[-1:]]
    found = list(filter(None, lead + lines)) or last
    return " ".join(dict.fromkeys(filter(None, found)))


def _photo(captions: tuple[str, ...], byline: str) -> tuple[str, str, tuple[str, ...]]:
    """Body, byline and captions of an item that is only a picture: the first caption is its text."""
    first = captions[0]
    cut = bylines.credit_start(first.translate(FOLD))
    credit = first[cut:].strip()
    return first[:cut].strip() or first, " ".join(filter(None, (byline, credit))), captions[1:]


def _kind(draft: Draft, title: str) -> ArticleKind:
    text = next((r.line.folded for r in draft.readings if r.role in TEXTS), "")
    if draft.has(Role.POINTER_FROM) or POINTER_AT_START.match(text):
        return ArticleKind.CONTINUATION
    if draft.has(Role.BRIEF):
        return ArticleKind.BRIEF
    if draft.has(*PICTURE) and not draft.has(Role.BODY, Role.LEAD, Role.SUBHEAD):
        return ArticleKind.PHOTO
    if title and NOTICE.fullmatch(title.translate(FOLD)):
        return ArticleKind.NOTICE
    return ArticleKind.ARTICLE
