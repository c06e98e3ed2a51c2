"""Make the table of traditional characters: `python -m tests.bench.make_traditional TSCharacters.txt`.

The list is OpenCC's (Apache-2.0; a character, a tab, its simplified forms, the usual one first). Only what
becomes one other Han character is kept, so that a text keeps its length.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

TABLE = Path("embeddings/traditional.json")
SOURCE = "OpenCC, data/dictionary/TSCharacters.txt, Apache-2.0"
# Above it stand characters that hardly a newspaper prints; their simplified forms are rarer still.
LAST_COMMON = "\u9fff"


def table(lines: list[str]) -> dict[str, str]:
    """The two rows of the table, character by character."""
    pairs = [line.split("\t") for line in lines if "\t" in line]
    kept = sorted((old, new.split()[0]) for old, new in pairs)
    kept = [(o, n) for o, n in kept if o != n and len(o) == len(n) == 1 and max(o, n) <= LAST_COMMON]
    return {"traditional": "".join(o for o, _ in kept), "simplified": "".join(n for _, n in kept)}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("characters", type=Path)
    lines = parser.parse_args().characters.read_text(encoding="utf-8").splitlines()
    stored = {"source": SOURCE, **table(lines)}
    TABLE.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
