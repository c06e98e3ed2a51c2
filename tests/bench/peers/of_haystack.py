"""Haystack: a pipeline of BM25 and vectors in memory, joined by reciprocal rank."""

from __future__ import annotations

from haystack import Document, Pipeline  # type: ignore[import-not-found]
from haystack.components.joiners import DocumentJoiner  # type: ignore[import-not-found]
from haystack.components.retrievers.in_memory import (  # type: ignore[import-not-found]
    InMemoryBM25Retriever,
    InMemoryEmbeddingRetriever,
)
from haystack.document_stores.in_memory import InMemoryDocumentStore  # type: ignore[import-not-found]
from haystack_integrations.components.embedders.sentence_transformers import (  # type: ignore[import-not-found]
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from timing import PASSAGES_FOUND, Search, run  # type: ignore[import-not-found]


def prepare(passages: list[str], model: str) -> Search:
    """Index the passages."""
    store = InMemoryDocumentStore()
    embedder = SentenceTransformersDocumentEmbedder(
        model=model, prefix="passage: ", normalize_embeddings=True, progress_bar=False
    )
    embedder.warm_up()
    documents = [
        Document(id=str(number), content=text, meta={"number": number})
        for number, text in enumerate(passages)
    ]
    store.write_documents(embedder.run(documents=documents)["documents"])
    pipeline = _pipeline(store, model)

    def search(question: str) -> list[int]:
        found = pipeline.run({"embedder": {"text": question}, "words": {"query": question}})
        return [document.meta["number"] for document in found["joiner"]["documents"]][:PASSAGES_FOUND]

    return search


def _pipeline(store: InMemoryDocumentStore, model: str) -> Pipeline:
    pipeline = Pipeline()
    pipeline.add_component(
        "embedder",
        SentenceTransformersTextEmbedder(
            model=model, prefix="query: ", normalize_embeddings=True, progress_bar=False
        ),
    )
    pipeline.add_component("vectors", InMemoryEmbeddingRetriever(store, top_k=PASSAGES_FOUND))
    pipeline.add_component("words", InMemoryBM25Retriever(store, top_k=PASSAGES_FOUND))
    pipeline.add_component("joiner", DocumentJoiner(join_mode="reciprocal_rank_fusion"))
    pipeline.connect("embedder.embedding", "vectors.query_embedding")
    pipeline.connect("words", "joiner")
    pipeline.connect("vectors", "joiner")
    return pipeline


if __name__ == "__main__":
    run(prepare)
