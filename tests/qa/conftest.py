"""The command line over a data folder of the test's own, with stand-ins for the two models."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from embeddings import encoder
from qa import cli, spans
from qa.cli import building, checking
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder

PAGE = """清岸新桥今天合龙

本报讯（记者 林一帆）清岸新桥今天上午合龙，全长八百六十米，总投资三亿二千万元。大桥将于明年五月一日通车。

老街食堂月底开张

本报讯（记者 周小雨）老街社区食堂将于本月三十日开张，一次能坐九十人，老人用餐打七折。
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: exit status, stdout, stderr."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(
    tmp_path: Path, jieba_cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs a command over a data folder of its own, with the fake models."""
    for module in (encoder, building, checking):
        monkeypatch.setattr(module, "find_encoder", lambda _settings: FakeEncoder())
    monkeypatch.setattr(spans, "SpanReader", lambda _cache: FakeSpans())
    monkeypatch.setenv("WENBAO_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("WENBAO_CACHE", str(jieba_cache))

    def command(*arguments: str) -> Ran:
        with pytest.raises(SystemExit) as left:
            cli.main(arguments)
        out, err = capsys.readouterr()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, out, err)

    return command


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A folder of one page with two articles."""
    folder = tmp_path / "清岸日报" / "2026-03-02"
    folder.mkdir(parents=True)
    (folder / "01.txt").write_text(PAGE, encoding="utf-8")
    return tmp_path / "清岸日报"
