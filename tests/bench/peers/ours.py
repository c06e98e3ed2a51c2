"""Wenbao: `Service.search` over the same articles, cut by the same rule."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

from embeddings.build import build
from embeddings.encoder import find_encoder
from embeddings.settings import load_settings
from qa.service import Service
from qa.spans import SpanReader
from tests.bench.peers.timing import PASSAGES_FOUND, asked


def main() -> None:
    """Index, ask, and write what was found, as the peers' scripts do."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("material", type=Path)
    parser.add_argument("data", type=Path, help="a folder for the index")
    parser.add_argument("result", type=Path)
    given = parser.parse_args()
    material = json.loads(given.material.read_text(encoding="utf-8"))
    # Ranks are of articles: any of its passages stands for one.
    numbers = {article: number for number, article in enumerate(material["articles"])}
    settings = load_settings(data=given.data)
    started = time.perf_counter()
    encoder = find_encoder(settings)
    build([Path(path) for path in material["files"]], settings, encoder)
    index_s = time.perf_counter() - started
    service = Service(settings, encoder, SpanReader(settings.cache))

    def search(question: str) -> list[int]:
        return [numbers[hit.article.id] for hit in service.search(question, k=PASSAGES_FOUND).hits]

    found, times_ms = asked(search, material["questions"])
    given.result.write_text(
        json.dumps({"found": found, "ms": times_ms, "index_s": index_s}), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
