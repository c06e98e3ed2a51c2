"""The index: a catalog (SQLite), vectors (FAISS) and terms (tantivy), published together as a snapshot."""
