"""Count how common pairs of characters are in news: `python -m tests.bench.count_pairs ARTICLES.jsonl.gz`.

Writes `embeddings/layout/pairs.json`: pairs that at least one article in 200 uses, in bands of log rarity.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections import Counter, defaultdict
from pathlib import Path

from embeddings.layout.lines import FOLD
from embeddings.layout.topics import BAND, FILE, pairs

LEAD_CHARS = 1500
MIN_SHARE = 1 / 200


def main() -> None:
    """Count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--out", type=Path, default=Path("embeddings/layout") / FILE)
    arguments = parser.parse_args()
    used: Counter[str] = Counter()
    count = 0
    with gzip.open(arguments.articles, "rt", encoding="utf-8") as lines:
        for line in lines:
            used.update(pairs(json.loads(line)["body"].translate(FOLD)[:LEAD_CHARS]))
            count += 1
    bands: dict[int, list[str]] = defaultdict(list)
    for pair, articles in used.items():
        if articles >= MIN_SHARE * count:
            bands[int(math.log(count / articles) / BAND)].append(pair)
    about = (
        f"Pairs of characters by log rarity (key x {BAND}) among {count} news articles; "
        "see tests/bench/count_pairs.py."
    )
    document = {"about": about, "bands": {str(k): "".join(sorted(bands[k])) for k in sorted(bands)}}
    arguments.out.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
