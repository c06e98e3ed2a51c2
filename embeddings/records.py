"""The records everyone shares: immutable, without behaviour that needs I/O.

Offsets are counted in characters (Unicode code points) from 0; `end` is exclusive.
"""

from __future__ import annotations

import datetime
import hashlib
import unicodedata
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any
from urllib.parse import quote


class ArticleKind(StrEnum):
    """What an item on a page is."""

    ARTICLE = "article"
    BRIEF = "brief"
    PHOTO = "photo"
    CONTINUATION = "continuation"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Page:
    """One page as it came: decoded text and where it belongs.

    `file` is the name shown to people: the path below the folder that was given, with `/`.
    `number` is the page as printed or as the file is named (`01`, `A3`). `sizes` gives, where the
    format knows it, the size of type of each line of `text` (as `str.splitlines` counts them) in
    units of the page's body type; empty where it does not.
    """

    text: str
    file: str
    paper: str | None = None
    date: datetime.date | None = None
    number: str | None = None
    sizes: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where an article stands: characters `start:end` of the decoded text of `file`."""

    file: str
    start: int
    end: int


class PersonRole(StrEnum):
    """What a person named in a byline did."""

    REPORTER = "reporter"
    CORRESPONDENT = "correspondent"
    AUTHOR = "author"
    COMMENTATOR = "commentator"
    PHOTOGRAPHER = "photographer"
    ILLUSTRATOR = "illustrator"
    TRANSLATOR = "translator"
    EDITOR = "editor"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or an agency, named in a byline."""

    name: str
    role: PersonRole


@dataclass(frozen=True, slots=True)
class Dateline:
    """What a lead says of where and when it was written: `新华社`, `北京`, `6月5日`; each may be empty."""

    agency: str
    place: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Pointers:
    """The pages on which a story begins and goes on, as `1` or `A3`; empty where it names none."""

    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a page.

    `body` holds paragraphs joined by a newline, with column breaks closed and captions and
    byline lines taken out. `title` is never empty: an untitled item gets the first words of its
    text. `captions` are whole lines, credits included. `people` are those of the byline, in its order.
    `confidence` (0..1) is how surely the item begins where it was found to begin on its page.
    """

    id: str
    title: str
    body: str
    kind: ArticleKind = ArticleKind.ARTICLE
    kicker: str = ""
    subtitle: str = ""
    byline: str = ""
    paper: str | None = None
    date: datetime.date | None = None
    page: str | None = None
    captions: tuple[str, ...] = ()
    url: str = ""
    source: Source | None = None
    people: tuple[Person, ...] = ()
    dateline: Dateline | None = None
    pointers: Pointers = Pointers()
    confidence: float = 1.0

    @property
    def text(self) -> str:
        """The string that every passage and quote offset of this article counts in.

        The body, then the captions, then the byline where the body does not already carry it.
        Headline parts are not in it: they are context for every passage, and a headline is no
        proof of what the article says.
        """
        byline = self.byline if self.byline and self.byline not in self.body else ""
        return "\n".join(part for part in (self.body, *self.captions, byline) if part)

    @property
    def headline(self) -> str:
        """Kicker, title and subtitle as printed; empty when the title is only the text's own first words."""
        title = "" if self.title.rstrip("…") in self.body[: len(self.title) + 12] else self.title
        return " ".join(part for part in (self.kicker, title, self.subtitle) if part)

    def to_json(self) -> dict[str, Any]:
        """The article as the contract's JSON object (without `text`)."""
        source, dateline = self.source, self.dateline
        return {
            "id": self.id,
            "title": self.title,
            "kicker": self.kicker or None,
            "subtitle": self.subtitle or None,
            "byline": self.byline or None,
            "kind": str(self.kind),
            "paper": self.paper,
            "date": self.date.isoformat() if self.date else None,
            "page": self.page,
            "body": self.body,
            "captions": list(self.captions),
            "url": self.url or None,
            "source": {"file": source.file, "start": source.start, "end": source.end} if source else None,
            "people": [{"name": person.name, "role": str(person.role)} for person in self.people],
            "dateline": {"agency": dateline.agency, "place": dateline.place, "day": dateline.day}
            if dateline
            else None,
            "pointers": {"before": self.pointers.before or None, "after": self.pointers.after or None},
            "confidence": self.confidence,
        }


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one article: `article.text[start:end] == text`.

    `number` counts from 0 inside the article.
    """

    article_id: str
    number: int
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """The article's id and the passage's place in it, as `<article>#<number>`."""
        return f"{self.article_id}#{self.number}"


@dataclass(frozen=True, slots=True)
class Filters:
    """Limits on what may be found. `None` does not limit; both dates are inclusive."""

    date_from: datetime.date | None = None
    date_to: datetime.date | None = None
    paper: str | None = None
    page: str | None = None

    def __bool__(self) -> bool:
        return any(v is not None for v in (self.date_from, self.date_to, self.paper, self.page))


class PeriodKind(StrEnum):
    """Where a period lies, seen from the day of the question."""

    PAST = "past"  # over before today
    CURRENT = "current"  # holds today, or is open towards it
    FUTURE = "future"  # begins after today: no issue can be of those days, so never a filter on issue dates


@dataclass(frozen=True, slots=True)
class Period:
    """Days that a question speaks of, both inclusive; `None` is open.

    `text` is the words of the question that say so, its characters `start:end`. `published` is true when
    days of issues are meant (见报, 报道, 昨天的报纸), and not days on which something happened. `swapped`:
    the range stood the wrong way round.
    """

    first: datetime.date | None
    last: datetime.date | None
    text: str
    start: int
    end: int
    published: bool = False
    kind: PeriodKind = PeriodKind.PAST
    swapped: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a query. `rank` counts from 1; a higher `score` is better."""

    rank: int
    score: float
    passage: Passage
    article: Article

    def to_json(self) -> dict[str, Any]:
        """The hit as the contract's JSON object."""
        article, passage = self.article, self.passage
        return {
            "rank": self.rank,
            "score": round(self.score, 6),
            "article_id": article.id,
            "passage_id": passage.id,
            "title": article.title,
            "date": article.date.isoformat() if article.date else None,
            "page": article.page,
            "paper": article.paper,
            "passage": passage.text,
            "start": passage.start,
            "end": passage.end,
        }


class AnswerKind(StrEnum):
    """The shape of an answer."""

    SPAN = "span"
    SENTENCES = "sentences"
    LIST = "list"
    YES_NO = "yes_no"
    NONE = "none"


class Mode(StrEnum):
    """How the answer is written."""

    AUTO = "auto"
    EXTRACTIVE = "extractive"
    GENERATIVE = "generative"


@dataclass(frozen=True, slots=True)
class Citation:
    """What carries a statement: `article.text[quote_start:quote_end] == quote`. `n` counts from 1."""

    n: int
    article: Article
    passage: Passage
    quote: str
    quote_start: int
    quote_end: int
    score: float

    def to_json(self) -> dict[str, Any]:
        """The citation as the contract's JSON object."""
        article = self.article
        return {
            "n": self.n,
            "article_id": article.id,
            "title": article.title,
            "byline": article.byline or None,
            "paper": article.paper,
            "date": article.date.isoformat() if article.date else None,
            "page": article.page,
            "passage_id": self.passage.id,
            "passage": self.passage.text,
            "passage_start": self.passage.start,
            "quote": self.quote,
            "quote_start": self.quote_start,
            "quote_end": self.quote_end,
            "score": round(self.score, 6),
            "url": f"{article_url(article)}?quote={self.quote_start}-{self.quote_end}#quote",
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or an honest "the papers do not say" (`answered` is false, `citations` empty).

    `reason` says why nothing was answered (`qa.refusal.Reason`), empty where it was. `period` is what the
    question was understood to limit itself to, and `period_dropped` that nothing was found there, so that
    all issues were searched. `model` is the language model that wrote the text, empty where none did.
    `span` is the shortest string that answers, out of the first citation's quote, and `verdict` is `yes` or
    `no`; both are empty where there is none.
    """

    id: str
    question: str
    standalone_question: str
    answered: bool
    text: str
    kind: AnswerKind
    confidence: float
    citations: tuple[Citation, ...]
    related: tuple[Article, ...]
    mode: Mode
    snapshot: int
    conversation_id: str | None = None
    timings_ms: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    period: Period | None = None
    period_dropped: bool = False
    model: str = ""
    span: str = ""
    verdict: str = ""

    def to_json(self) -> dict[str, Any]:
        """The body of `/api/answer`."""
        return {
            "id": self.id,
            "conversation_id": self.conversation_id,
            "question": self.question,
            "standalone_question": self.standalone_question,
            "answered": self.answered,
            "answer": self.text,
            "answer_kind": str(self.kind),
            "confidence": round(self.confidence, 4),
            "citations": [citation.to_json() for citation in self.citations],
            "related": [related_json(article) for article in self.related],
            "span": self.span or None,
            "verdict": self.verdict or None,
            "reason": self.reason or None,
            "period": self._period_json(),
            "mode": str(self.mode),
            "model": self.model or None,
            "snapshot": self.snapshot,
            "timings_ms": {stage: round(ms, 2) for stage, ms in self.timings_ms.items()},
        }

    def _period_json(self) -> dict[str, Any] | None:
        if self.period is None or self.period.kind is PeriodKind.FUTURE:
            return None  # days to come limit nothing
        first, last = self.period.first, self.period.last
        return {
            "text": self.period.text,
            "date_from": first.isoformat() if first else None,
            "date_to": last.isoformat() if last else None,
            "dropped": self.period_dropped,
        }


def related_json(article: Article) -> dict[str, Any]:
    """The short form of an article, for lists."""
    return {
        "article_id": article.id,
        "title": article.title,
        "paper": article.paper,
        "date": article.date.isoformat() if article.date else None,
        "page": article.page,
        "byline": article.byline or None,
        "url": article_url(article),
    }


def article_url(article: Article) -> str:
    """Path of an article's page; ids from JSON lines may hold anything."""
    return f"/articles/{quote(article.id, safe='')}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An input that was not indexed, and why; `reason` is safe to show."""

    file: str
    code: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """The refusal as the contract's JSON object."""
        return {"file": self.file, "code": self.code, "reason": self.reason}


def content_hash(*parts: str | None) -> str:
    """Hash parts to 32 hex digits; `None` and the borders between parts count."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = b"\x00" if part is None else b"\x01" + part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def article_id(page: Page, title: str) -> str:
    """Id of the item with this title on this page: stable while the headline stays the same.

    `<yyyymmdd>-<page>-<8 hex>`, so that ids sort by issue and read well; the body is not in it,
    so a corrected article keeps its id. Two items with one title on one page are told apart by
    `distinct_ids`.
    """
    squeezed = "".join(unicodedata.normalize("NFKC", title).split())
    place = page.paper or page.date or page.number
    # Without a place the file name is what tells two pages apart.
    digest = content_hash(page.paper, str(page.date), page.number, None if place else page.file, squeezed)[:8]
    day = page.date.strftime("%Y%m%d") if page.date else "undated"
    number = "".join(c for c in page.number or "" if c.isascii() and c.isalnum()) or "0"
    return f"{day}-{number}-{digest}"


def distinct_ids(articles: list[Article]) -> list[Article]:
    """The same articles in order, the 2nd, 3rd … with one id getting `-2`, `-3` … after it.

    No two of the result have one id: a number that an earlier article has as part of its own id is left out.
    """
    taken: set[str] = set()
    counts: dict[str, int] = {}
    result = []
    for article in articles:
        identity = article.id
        while identity in taken:
            counts[article.id] = count = counts.get(article.id, 1) + 1
            identity = f"{article.id}-{count}"
        taken.add(identity)
        result.append(article if identity == article.id else replace(article, id=identity))
    return result
