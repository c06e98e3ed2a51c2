"""The lexical index: BM25 over words, pairs, names and headlines, by tantivy."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable, Sequence
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

_WRITER_HEAP_BYTES = 64 << 20

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


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for field in BOOSTS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_unsigned_field("key", indexed=True, fast=True)
    builder.add_unsigned_field("day", indexed=True, fast=True)
    for field in ("paper", "page"):
        builder.add_text_field(field, tokenizer_name="raw", index_option="basic")
    return builder.build()


class TermIndexWriter:
    """Changes a term folder, new or a copy; nothing counts before `commit`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._schema = _schema()
        # One thread: the order of documents, and so the score of ties, must not depend on luck.
        self._index = tantivy.Index(self._schema, path=str(folder))
        self._writer = self._index.writer(heap_size=_WRITER_HEAP_BYTES, num_threads=1)

    def add(self, document: TermDocument) -> None:
        """Add one passage."""
        fields: dict[str, object] = {
            field: [" ".join(terms)] for field, terms in document.terms.items() if terms
        }
        optional = {"day": document.day, "paper": document.paper, "page": document.page}
        fields |= {name: [value] for name, value in optional.items() if value is not None}
        self._writer.add_document(tantivy.Document.from_dict({**fields, "key": [document.key]}, self._schema))

    def remove(self, keys: Iterable[int]) -> None:
        """Remove passages by key."""
        gone = [int(key) for key in keys]
        if gone:
            self._writer.delete_documents_by_query(tantivy.Query.term_set_query(self._schema, "key", gone))

    def commit(self) -> None:
        """Write everything out and wait until tantivy's own threads are done.

        Raises:
            OSError: it cannot be written.
        """
        try:
            self._writer.commit()
            self._writer.wait_merging_threads()
        except ValueError:  # tantivy-py has no other error for a full disk
            raise OSError(errno.EIO, os.strerror(errno.EIO)) from None


class TermIndex:
    """BM25 search; higher is better. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._schema = _schema()
        try:
            if not tantivy.Index.exists(str(folder)):  # opening it would make an empty one
                raise ValueError
            self._searcher = tantivy.Index(self._schema, path=str(folder), reuse=True).searcher()
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
        should = tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in wanted])
        musts = [(tantivy.Occur.Must, q) for q in (should, *self._limits(filters, among))]
        results = self._searcher.search(tantivy.Query.boolean_query(musts), limit=k, count=False)
        addresses = [address for _, address in results.hits]
        keys = self._searcher.fast_field_values("key", addresses)
        return [(int(key or 0), float(score)) for key, (score, _) in zip(keys, results.hits, strict=True)]

    def rarity(self, term: str) -> float:
        """Inverse document frequency of a word or pair, as BM25 has it: above 0, the rarer the larger."""
        documents = max(self._searcher.doc_freq(field, term) for field in ("words", "pairs"))
        return math.log(1 + (len(self) - documents + 0.5) / (documents + 0.5))

    def _limits(self, filters: Filters, among: Sequence[int] | None) -> list[tantivy.Query]:
        limits = []
        if filters.date_from or filters.date_to:
            limits.append(self._day_range(filters))
        for field, value in (("paper", filters.paper), ("page", filters.page)):
            if value is not None:
                limits.append(tantivy.Query.term_query(self._schema, field, value, "basic"))
        if among is not None:
            limits.append(tantivy.Query.term_set_query(self._schema, "key", [int(key) for key in among]))
        # A limit only lets through or not: it must not add to the score.
        return [tantivy.Query.boost_query(limit, 0.0) for limit in limits]

    def _day_range(self, filters: Filters) -> tantivy.Query:
        low, high = day_number(filters.date_from), day_number(filters.date_to)
        return tantivy.Query.range_query(
            self._schema,
            "day",
            tantivy.FieldType.Unsigned,
            lower_bound=0 if low is None else low,
            upper_bound=99_991_231 if high is None else high,
        )
