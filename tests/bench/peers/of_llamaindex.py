"""LlamaIndex: BM25 and vectors, fused by reciprocal rank.

Its BM25 takes a run of Chinese characters for one word; here it is told that every one is a word, without
which it finds next to nothing.
"""

from __future__ import annotations

from llama_index.core import VectorStoreIndex  # type: ignore[import-not-found]
from llama_index.core.llms import MockLLM  # type: ignore[import-not-found]
from llama_index.core.retrievers import QueryFusionRetriever  # type: ignore[import-not-found]
from llama_index.core.schema import TextNode  # type: ignore[import-not-found]
from llama_index.embeddings.huggingface import HuggingFaceEmbedding  # type: ignore[import-not-found]
from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-not-found]
from timing import PASSAGES_FOUND, Search, run  # type: ignore[import-not-found]

CHARACTERS = r"[\u4e00-\u9fff]|[A-Za-z0-9]+"


def prepare(passages: list[str], model: str) -> Search:
    """Index the passages."""
    nodes = [TextNode(id_=str(number), text=text) for number, text in enumerate(passages)]
    embedding = HuggingFaceEmbedding(
        model_name=model, query_instruction="query: ", text_instruction="passage: "
    )
    vectors = VectorStoreIndex(nodes, embed_model=embedding).as_retriever(similarity_top_k=PASSAGES_FOUND)
    words = BM25Retriever.from_defaults(
        nodes=nodes, similarity_top_k=PASSAGES_FOUND, token_pattern=CHARACTERS, skip_stemming=True
    )
    fused = QueryFusionRetriever(
        [vectors, words],
        llm=MockLLM(),  # is not asked: one question stays one
        num_queries=1,
        mode="reciprocal_rerank",
        similarity_top_k=PASSAGES_FOUND,
        use_async=False,
    )
    return lambda question: [int(found.node.node_id) for found in fused.retrieve(question)]


if __name__ == "__main__":
    run(prepare)
