"""How much of a question a text meets: its terms, each weighed by how rare it is in the archive."""

from __future__ import annotations

import re

from embeddings.folding import folded, simplified
from embeddings.index.terms import TermIndex, Terms
from embeddings.records import Article, Passage

# So much of a long article is looked at, around the passage.
ARTICLE_CHARS = 6000

_HAN_FIRST = "\u3400"
_SENTENCE = re.compile(r"[^。！？；!?;\n]+")


class Asked:
    """The terms of one question with their weights. Not thread-safe.

    Pairs and not words: they meet across different cuts, and every name is made of them.
    """

    def __init__(self, terms: Terms, index: TermIndex) -> None:
        words = [word for word in terms["words"] if word[0] < _HAN_FIRST]
        self._weights = {term: index.rarity(term) for term in dict.fromkeys([*terms["pairs"], *words])}
        self.rarity = sum(self._weights.values())
        # Widths, cases and numerals are for what is not Han; without it the costlier part is left out.
        self._fold = folded if any(term[0] < _HAN_FIRST for term in self._weights) else simplified
        self._articles: dict[str, str] = {}

    def covered(self, passage: Passage, article: Article) -> tuple[float, float]:
        """Weight, 0 to 1, met by the passage's best sentence and by the article with its headline."""
        if not self.rarity:
            return 0.0, 0.0
        text = self._fold(passage.text)
        here = {term: weight for term, weight in self._weights.items() if term in text}
        best = max(
            (
                sum([w for term, w in here.items() if term in sentence])
                for sentence in _SENTENCE.findall(text)
            ),
            default=0.0,
        )
        met = sum(here.values())
        if len(here) < len(self._weights):
            around = self._around(article, passage)
            met += sum([w for term, w in self._weights.items() if term not in here and term in around])
        return best / self.rarity, met / self.rarity

    def _around(self, article: Article, passage: Passage) -> str:
        text = article.text
        if len(text) > ARTICLE_CHARS:
            start = max(0, passage.start - ARTICLE_CHARS // 2)
            return self._fold(f"{article.headline}\n{text[start : passage.end + ARTICLE_CHARS // 2]}")
        if article.id not in self._articles:
            self._articles[article.id] = self._fold(f"{article.headline}\n{text}")
        return self._articles[article.id]
