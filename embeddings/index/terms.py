"""The lexical index: BM25 over words, pairs, names and headlines, by tantivy.

A term folder holds segments, none of which is ever changed: tantivy writes new files and renames, so a
folder may hold hard links to another one's files. Removed passages stay in their segment, marked, and
count in its document frequencies until the segment is written anew. That happens at the commit that
removes them where the segment is small; larger ones drift until `REMOVED_SHARE_MAX` of them is gone.
"""

from __future__ import annotations

import contextlib
import errno
import json
import math
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import tantivy

from embeddings.errors import IndexDamaged
from embeddings.index.catalog import day_number
from embeddings.records import Article, Filters, Passage
from embeddings.tokens import Tokenizer, article_names, known_names_in, names_in, pairs, question_pairs

# Weights of the fields in the sum of BM25 scores. The pairs' was chosen on 700 questions of drcd-dev (R@1
# 0.960 without them, 0.967 at 1.0); the sets measured have no headlines, so the headline's are judgement.
BOOSTS = {"words": 1.0, "pairs": 1.0, "names": 1.0, "title_words": 0.6, "title_pairs": 0.3}

# A segment that holds removed passages is written anew when so many passages of it are left at most (a
# second's work), or when more than this share of it is gone. By what is left behind, the inverse document
# frequency of a term (about 3 for a common one, 12 for a name) is too high by 0.05 at most; it is too low
# by ln(1 + removed / left) for a term that more removed passages hold than others.
REWRITTEN_MAX = 5000
REMOVED_SHARE_MAX = 0.05

# Up to so many keys are looked up one by one: 0.1 ms for 80 where tantivy's term set takes 0.8 ms (it walks
# the dictionary of keys). Both give the same passages.
KEYS_APART_MAX = 500

_WRITER_HEAP_BYTES = 64 << 20
_META = "meta.json"

Terms = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class TermDocument:
    """One passage as the lexical index sees it."""

    key: int
    terms: Terms
    paper: str | None
    day: int | None
    page: str | None


def term_document(key: int, article: Article, passage: Passage, tokenizer: Tokenizer) -> TermDocument:
    """The terms of a passage; the headline speaks for every passage of its article."""
    headline = article.headline
    terms = {
        "words": tokenizer.words(passage.text),
        "pairs": pairs(passage.text),
        "names": _unbroken(names_in(f"{headline}\n{passage.text}", article_names(article))),
        "title_words": tokenizer.words(headline),
        "title_pairs": pairs(headline),
    }
    return TermDocument(key, terms, article.paper, day_number(article.date), article.page)


def query_terms(question: str, tokenizer: Tokenizer, names: frozenset[str]) -> Terms:
    """The terms a question is searched by, each once."""
    words = _once(tokenizer.words(question))
    in_pairs = _once(question_pairs(question))
    return {
        "words": words,
        "pairs": in_pairs,
        "names": _once(_unbroken(known_names_in(question, names))),
        "title_words": words,
        "title_pairs": in_pairs,
    }


def _unbroken(names: Iterable[str]) -> list[str]:
    """Names without their blanks, which part terms from each other in a field."""
    return ["".join(name.split()) for name in names]


def _once(terms: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(terms))


def _any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in queries])


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    # Everything is stored, so that a segment can be written anew without cutting its words again.
    for field in BOOSTS:
        builder.add_text_field(field, stored=True, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("key", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("day", stored=True, indexed=True, fast=True)
    for field in ("paper", "page"):
        builder.add_text_field(field, stored=True, tokenizer_name="raw", index_option="basic")
    return builder.build()


@dataclass(frozen=True, slots=True)
class _Segment:
    """Passages of one segment: those it was written with, and those removed since."""

    written: int
    removed: int

    @property
    def drifts_too_far(self) -> bool:
        left = self.written - self.removed
        return self.removed > 0 and (left <= REWRITTEN_MAX or self.removed > REMOVED_SHARE_MAX * self.written)


def _segments(folder: Path) -> list[_Segment]:
    """The segments of a term folder, in the order in which tantivy numbers them."""
    meta = json.loads((folder / _META).read_text(encoding="utf-8"))
    return [
        _Segment(segment["max_doc"], (segment["deletes"] or {"num_deleted_docs": 0})["num_deleted_docs"])
        for segment in meta["segments"]
    ]


def removed_share(folder: Path) -> float:
    """Share of the passages in the files of a term folder that are removed ones, 0 to 1."""
    segments = _segments(folder)
    return sum(s.removed for s in segments) / (sum(s.written for s in segments) or 1)


@contextlib.contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except ValueError:  # tantivy-py has no other error for a full disk
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from None


class TermIndexWriter:
    """Changes a term folder, new or a copy or links of another; nothing counts before `commit`.

    Every method raises OSError when something cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._schema = _schema()
        with _disk_errors():
            self._index = tantivy.Index(self._schema, path=str(folder))
            self._writer = self._new_writer()

    def _new_writer(self) -> tantivy.IndexWriter:
        # One thread: the order of documents, and so the score of ties, must not depend on luck.
        return self._index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)

    def add(self, document: TermDocument) -> None:
        """Add one passage."""
        fields: dict[str, object] = {
            field: [" ".join(terms)] for field, terms in document.terms.items() if terms
        }
        optional = {"day": document.day, "paper": document.paper, "page": document.page}
        fields |= {name: [value] for name, value in optional.items() if value is not None}
        added = tantivy.Document.from_dict({**fields, "key": [document.key]}, self._schema)
        with _disk_errors():  # of what was added before
            self._writer.add_document(added)

    def remove(self, keys: Iterable[int]) -> None:
        """Remove passages by key."""
        gone = [int(key) for key in keys]
        if gone:
            self._writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "key", gone))

    def commit(self) -> None:
        """Write everything out, and segments anew that drift too far; the last call to a writer."""
        self._finish(lambda segment: segment.drifts_too_far)

    def compact(self) -> None:
        """As `commit`, and write every segment anew: scores are those of a build from nothing."""
        self._finish(lambda _: True)

    def _finish(self, chosen: Callable[[_Segment], bool]) -> None:
        with _disk_errors():
            self._settle()
            places = {n for n, segment in enumerate(_segments(self._folder)) if chosen(segment)}
            if places:
                self._writer = self._new_writer()
                self._write_anew(places)
                self._settle()

    def _settle(self) -> None:
        """Commit and wait until tantivy's own threads are done; they take the writer with them."""
        self._writer.commit()
        self._writer.wait_merging_threads()

    def _write_anew(self, places: set[int]) -> None:
        """Put the passages that are left of some segments into new ones; tantivy drops empty segments."""
        self._index.reload()
        searcher = self._index.searcher()
        everything = searcher.search(
            tantivy.Query.all_query(), limit=max(1, searcher.num_docs), count=False
        ).hits
        left = [address for _, address in everything if address.segment_ord in places]
        keys = [int(key or 0) for key in searcher.fast_field_values("key", left)]
        self.remove(keys)
        for _, address in sorted(zip(keys, left, strict=True), key=lambda found: found[0]):
            self._writer.add_document(searcher.doc(address))


@contextlib.contextmanager
def _lockable(folder: Path) -> Iterator[Path]:
    """The folder, or a passing one of links to its files where nothing may be written.

    tantivy writes a lock file even to read; once it has opened the files it needs the folder no more.
    """
    if os.access(folder, os.W_OK):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="wenbao-terms-", ignore_cleanup_errors=True) as links:
        for path in folder.iterdir():
            if path.suffix != ".lock":
                Path(links, path.name).symlink_to(path.absolute())
        yield Path(links)


class TermIndex:
    """BM25 search; higher is better. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._schema = _schema()
        try:
            if not tantivy.Index.exists(str(folder)):  # opening it would make an empty one
                raise ValueError
            with _lockable(folder) as opened:
                self._searcher = tantivy.Index(self._schema, path=str(opened), reuse=True).searcher()
            self._written = sum(segment.written for segment in _segments(folder))
        except ValueError:
            raise IndexDamaged("索引的词条文件夹(terms)无法读取。", hint="重新运行 wenbao build。") from None

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(
        self, terms: Terms, k: int, filters: Filters, among: Sequence[int] | None = None
    ) -> list[tuple[int, float]]:
        """Keys and BM25 scores of the best k that hold a term, best first, of all or only `among`."""
        wanted = [
            tantivy.Query.boost_query(
                tantivy.Query.term_query(self._schema, field, term, "freq"), BOOSTS[field]
            )
            for field, found in terms.items()
            for term in found
        ]
        if not wanted or (among is not None and not len(among)):
            return []
        query = _any_of(wanted)
        limits = self._limits(filters, among)
        if limits:  # without them tantivy passes over what cannot be among the best (block-max WAND)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, each) for each in (query, *limits)])
        results = self._searcher.search(query, limit=k, count=False)
        addresses = [address for _, address in results.hits]
        keys = self._searcher.fast_field_values("key", addresses)
        return [(int(key or 0), float(score)) for key, (score, _) in zip(keys, results.hits, strict=True)]

    def rarity(self, term: str) -> float:
        """Inverse document frequency of a word or pair, as BM25 has it: above 0, the rarer the larger."""
        documents = max(self._searcher.doc_freq(field, term) for field in ("words", "pairs"))
        # Both numbers count the removed passages that are still in the files.
        return math.log(1 + (self._written - documents + 0.5) / (documents + 0.5))

    def _limits(self, filters: Filters, among: Sequence[int] | None) -> list[tantivy.Query]:
        limits = []
        if filters.date_from or filters.date_to:
            limits.append(self._day_range(filters))
        for field, value in (("paper", filters.paper), ("page", filters.page)):
            if value is not None:
                limits.append(tantivy.Query.term_query(self._schema, field, value, "basic"))
        if among is not None:
            limits.append(self._key_among(among))
        # A limit only lets through or not: it must not add to the score.
        return [tantivy.Query.boost_query(limit, 0.0) for limit in limits]

    def _key_among(self, keys: Sequence[int]) -> tantivy.Query:
        found = [int(key) for key in keys]
        if len(found) > KEYS_APART_MAX:
            return tantivy.Query.term_set_query(self._schema, "key", found)
        return _any_of([tantivy.Query.term_query(self._schema, "key", key, "basic") for key in found])

    def _day_range(self, filters: Filters) -> tantivy.Query:
        low, high = day_number(filters.date_from), day_number(filters.date_to)
        return tantivy.Query.range_query(
            self._schema,
            "day",
            tantivy.FieldType.Unsigned,
            lower_bound=0 if low is None else low,
            upper_bound=99_991_231 if high is None else high,
        )
