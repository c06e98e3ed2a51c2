"""The marked pages as issues that an operator would drop in: `python -m tests.bench.marked_issues FOLDER`.

Every page becomes `<paper>/<date>/<name>.txt`; paper and date are what its running head says, as far as
that can be read, and made up from the page's name otherwise. Questions about these pages stand in
`tests/data/questions`.
"""

from __future__ import annotations

import argparse
import datetime
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from tests.bench.marked import MarkedPage, read_marked

MARKED = Path("tests/data/marked")
# For pages whose running head names no day.
NO_DAY = datetime.date(2030, 1, 1)

_DAY = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})")
_PAPER = re.compile(
    r"[\u4e00-\u9fff]{2,6}(?:日报|晚报|早报|周报|都市报|农村报|工人报|商报|新报|画报|周刊|报)"
)
# Digits as a scanner misreads them.
_MISREAD = str.maketrans("Ol", "01")


def place_of(page: MarkedPage) -> tuple[str, datetime.date]:
    """Paper and day of a page."""
    heads = [line.text for line in page.lines if line.roles[0] == "furniture"]
    text = unicodedata.normalize("NFKC", " ".join(heads))
    paper = _PAPER.search(
        re.sub(r"^版 ?|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff] )|(?<= [\u4e00-\u9fff]) ", "", text)
    )
    day = _DAY.search(text.translate(_MISREAD))
    return (
        paper.group(0) if paper else f"{page.name[0].upper()}城日报",
        datetime.date(*map(int, day.groups())) if day else NO_DAY,
    )


def pages(folder: Path = MARKED) -> Iterator[tuple[Path, MarkedPage]]:
    """Every marked page with the path it has as part of an issue."""
    for path in sorted(folder.glob("*.page")):
        page = read_marked(path)
        paper, day = place_of(page)
        yield Path(paper, day.isoformat(), f"{page.name}.txt"), page


def main() -> None:
    """Write the issues."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for place, page in pages():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(page.page.text, encoding="utf-8")


if __name__ == "__main__":
    main()
