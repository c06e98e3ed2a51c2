"""An inbox that changes as newsrooms' do, by chance but repeatably; texts are never the same twice."""

from __future__ import annotations

import json
import random
from pathlib import Path

from tests.fakes import record, write_lines

FILES = tuple(f"{folder}v{n}.jsonl" for folder in ("", "晚报/") for n in range(5))
PAGES = tuple(f"江风晚报/2026-03-0{n}/01.txt" for n in range(1, 4))

_PLACES = "渡口 码头 早市 老巷 面馆 桥头 书店 水塔 灯塔 茶园".split()
_VERBS = "开张 搬家 换了新灯 修好了 停了半天 多了两班船 涨了水 来了客人".split()
_NAMES = "阮小舟 毛小路 温知秋 严一帆".split()


class Newsroom:
    """Writes, changes and deletes files of one inbox."""

    def __init__(self, inbox: Path, rng: random.Random) -> None:
        self.inbox = inbox
        self.rng = rng
        self._written = 0

    def sentence(self) -> str:
        """A sentence that no other call has given."""
        self._written += 1
        place, verb = self.rng.choice(_PLACES), self.rng.choice(_VERBS)
        return f"{place}昨天{verb}，这是今年第{self._written}回，有{self.rng.randint(2, 900)}人去看。"

    def line(self, article_id: str) -> dict[str, object]:
        """A record with a new text."""
        body = "".join(self.sentence() for _ in range(self.rng.randint(1, 12)))
        return record(article_id, body, self.sentence()[:9], byline=f"记者 {self.rng.choice(_NAMES)}")

    def write(self, name: str) -> None:
        """Write or replace a file; its ids are its own, or now and then another one's."""
        owner = name if self.rng.random() < 0.9 else self.rng.choice(FILES)
        count = self.rng.randint(1, 4)
        write_lines(self.inbox / name, (self.line(f"{owner}-{n}") for n in range(count)))

    def write_page(self, name: str) -> None:
        """Write or replace a page of two articles."""
        articles = (
            f"{self.sentence()[:8]}\n\n本报讯（记者 {self.rng.choice(_NAMES)}）"
            + "".join(self.sentence() for _ in range(3))
            for _ in range(2)
        )
        path = self.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(articles) + "\n", encoding="utf-8")

    def present(self, names: tuple[str, ...]) -> list[Path]:
        """Those of the files that are there."""
        return [self.inbox / name for name in names if (self.inbox / name).exists()]

    def change(self) -> None:
        """One change by chance."""
        self.rng.choice(
            (
                self._write_any,
                self._write_any,
                self._edit,
                self._delete,
                self._swap,
                self._page,
                self._headline,
            )
        )()

    def _write_any(self) -> None:
        self.write(self.rng.choice(FILES))

    def _page(self) -> None:
        self.write_page(self.rng.choice(PAGES))

    def _edit(self) -> None:
        """Another body for one record of a file."""
        for path in self.rng.sample(self.present(FILES), min(1, len(self.present(FILES)))):
            lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            self.rng.choice(lines)["body"] = self.sentence()
            write_lines(path, lines)

    def _delete(self) -> None:
        present = self.present(FILES + PAGES)
        if len(present) > 4:
            self.rng.choice(present).unlink()

    def _swap(self) -> None:
        present = self.present(FILES)
        if len(present) > 1:
            one, other = self.rng.sample(present, 2)
            first, second = one.read_bytes(), other.read_bytes()
            one.write_bytes(second)
            other.write_bytes(first)

    def _headline(self) -> None:
        """Correct the first headline of a page."""
        for path in self.present(PAGES)[:1]:
            _, rest = path.read_text(encoding="utf-8").split("\n", 1)
            path.write_text(f"{self.sentence()[:9]}\n{rest}", encoding="utf-8")
