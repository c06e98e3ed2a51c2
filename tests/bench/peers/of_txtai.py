"""txtai: its hybrid of BM25 and vectors, as its documentation sets it up."""

from __future__ import annotations

from timing import PASSAGES_FOUND, Search, run  # type: ignore[import-not-found]
from txtai import Embeddings  # type: ignore[import-not-found]


def prepare(passages: list[str], model: str) -> Search:
    """Index the passages."""
    embeddings = Embeddings(
        path=model,
        method="sentence-transformers",
        instructions={"query": "query: ", "data": "passage: "},
        hybrid=True,
    )
    embeddings.index(passages)
    return lambda question: [number for number, _ in embeddings.search(question, PASSAGES_FOUND)]


if __name__ == "__main__":
    run(prepare)
