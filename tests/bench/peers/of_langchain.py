"""LangChain: an ensemble of BM25 over jieba's words and FAISS, halves of the weight each."""

from __future__ import annotations

import jieba
from langchain_classic.retrievers import EnsembleRetriever  # type: ignore[import-not-found]
from langchain_community.retrievers import BM25Retriever  # type: ignore[import-not-found]
from langchain_community.vectorstores import FAISS  # type: ignore[import-not-found]
from langchain_huggingface import HuggingFaceEmbeddings  # type: ignore[import-not-found]
from timing import PASSAGES_FOUND, Search, run  # type: ignore[import-not-found]


def prepare(passages: list[str], model: str) -> Search:
    """Index the passages."""
    numbers = [{"number": number} for number in range(len(passages))]
    embeddings = HuggingFaceEmbeddings(
        model_name=model,
        encode_kwargs={"prompt": "passage: ", "normalize_embeddings": True},
        query_encode_kwargs={"prompt": "query: ", "normalize_embeddings": True},
    )
    vectors = FAISS.from_texts(passages, embeddings, metadatas=numbers)
    words = BM25Retriever.from_texts(
        passages, metadatas=numbers, preprocess_func=jieba.lcut_for_search, k=PASSAGES_FOUND
    )
    both = EnsembleRetriever(
        retrievers=[words, vectors.as_retriever(search_kwargs={"k": PASSAGES_FOUND})], weights=[0.5, 0.5]
    )
    return lambda question: [found.metadata["number"] for found in both.invoke(question)][:PASSAGES_FOUND]


if __name__ == "__main__":
    run(prepare)
