"""How much each term of a question weighs, and how much of it a text meets."""

from __future__ import annotations

import re

from embeddings.index.snapshot import Snapshot
from embeddings.records import Article
from embeddings.tokens import Tokenizer, folded, question_pairs
from qa.figures import figures
from qa.question import Query

# Who is asked for by an office is named with it; papers do not paraphrase offices as they do the rest.
_OFFICE = re.compile(
    "董事长|总经理|局长|书记|校长|院长|馆长|厂长|主席|市长|县长|区长|镇长|乡长|村长|行长|站长|所长|台长|社长"
    "|会长|秘书长|总编导|总教练"
)


class TermWeights:
    """The question's terms, each weighed by how rare it is in the archive; weights sum to 1."""

    def __init__(self, snapshot: Snapshot, query: Query, tokenizer: Tokenizer) -> None:
        # Pairs and not words: they meet across different cuts, and every name is made of them.
        words = [word for word in tokenizer.words(query.standalone) if not word[0] >= "\u3400"]
        terms = list(dict.fromkeys([*question_pairs(query.standalone), *words]))
        weights = {term: snapshot.terms.rarity(term) for term in terms}
        total = sum(weights.values()) or 1.0
        self._weights = {term: weight / total for term, weight in weights.items()}
        self._figures = figures(query.standalone)
        self._offices = frozenset(_OFFICE.findall(folded(query.standalone)))

    def __bool__(self) -> bool:
        """Whether the question has any term: one of stop words alone is about nothing."""
        return bool(self._weights)

    def covered(self, text: str) -> float:
        """Share of the weight whose terms `text` holds, 0 to 1."""
        met = folded(text)
        return sum(weight for term, weight in self._weights.items() if term in met)

    def covered_by_article(self, article: Article) -> float:
        """The same for a whole article with its headline."""
        return self.covered(_all_of(article))

    def rarest_missing(self, article: Article) -> float:
        """The largest weight of a term that neither the article nor its headline holds."""
        met = folded(_all_of(article))
        return max((weight for term, weight in self._weights.items() if term not in met), default=0.0)

    def office_missing(self, article: Article) -> bool:
        """Whether the question names an office (局长, 董事长) that the article does not."""
        return bool(self._offices) and not self._offices <= set(_OFFICE.findall(folded(_all_of(article))))

    def figures_missing(self, article: Article) -> int:
        """How many of the question's figures the article does not hold, by value; its day counts as held."""
        if not self._figures:
            return 0
        day = f"{article.date.year}年{article.date.month}月{article.date.day}日" if article.date else ""
        held = {figure.value for figure in figures(f"{_all_of(article)}\n{day}")}
        return sum(figure.value not in held for figure in self._figures)


def _all_of(article: Article) -> str:
    return f"{article.headline}\n{article.text}"
