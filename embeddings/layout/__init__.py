"""Page text -> articles: line roles, re-flow, assembly. Pure."""

from embeddings.layout.articles import read_page

__all__ = ["read_page"]
