"""The command line as a caller meets it: what goes to stdout and stderr, and the exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qa import cli
from qa.cli import asking, checking, indexing
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
    for module in (asking, checking, indexing):
        monkeypatch.setattr(module, "find_encoder", lambda _settings: FakeEncoder())
    monkeypatch.setattr(asking, "SpanReader", lambda _cache: FakeSpans())
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
    folder = tmp_path / "清岸日报" / "2026-03-02"
    folder.mkdir(parents=True)
    (folder / "01.txt").write_text(PAGE, encoding="utf-8")
    return tmp_path / "清岸日报"


def test_build_then_ask_answers_with_a_quote(run: Run, pages: Path) -> None:
    built = run("build", str(pages), "--json")
    assert built.status == 0
    assert (built.document["articles"], built.document["added"]) == (2, 2)
    answer = run("ask", "清岸新桥总投资多少元", "--json").document
    assert set(answer) >= {
        "id",
        "question",
        "answered",
        "answer",
        "confidence",
        "citations",
        "related",
        "snapshot",
    }
    hits = run("search", "社区食堂", "-k", "1", "--json").document["hits"]
    assert hits[0]["title"] == "老街食堂月底开张"


def test_second_build_embeds_nothing(run: Run, pages: Path) -> None:
    first = run("build", str(pages), "--json").document
    again = run("build", str(pages), "--json").document
    assert (again["snapshot"], again["unchanged"], again["embedded"]) == (first["snapshot"], 2, 0)


def test_refused_input_is_listed_and_the_rest_indexed(run: Run, pages: Path) -> None:
    (pages / "2026-03-02" / "02.txt").write_bytes(b"")
    built = run("build", str(pages), "--json")
    assert built.status == 3
    assert built.document["articles"] == 2
    assert [refusal["file"] for refusal in built.document["refused"]] == ["2026-03-02/02.txt"]
    assert "02.txt" in built.err


def test_articles_prints_one_json_list(run: Run, pages: Path) -> None:
    ran = run("articles", str(pages), "--json")
    assert ran.status == 0
    fields = "id title kicker subtitle byline kind paper date page body captions source"
    assert all(set(fields.split()) <= set(article) for article in ran.document)
    assert [article["paper"] for article in ran.document] == ["清岸日报", "清岸日报"]


def test_articles_prints_items_with_what_is_known_of_them(run: Run, pages: Path) -> None:
    ran = run("articles", str(pages), "--json")
    fields = "people dateline pointers confidence doubts continued_on continued_from"
    assert all(set(fields.split()) <= set(article) for article in ran.document)
    assert all("lines" not in article for article in ran.document)
    assert ran.document[0]["people"] == [{"name": "林一帆", "role": "reporter"}]


def test_articles_explained_prints_every_line(run: Run, pages: Path) -> None:
    ran = run("articles", str(pages), "--explain", "--json")
    assert [line["line"] for article in ran.document for line in article["lines"]] == [1, 3, 5, 7]
    shown = run("articles", str(pages), "--explain")
    assert shown.status == 0
    for words in ("把握", "2026-03-02/01.txt", "标题 headline", "清岸新桥今天合龙", "相对于"):
        assert words in shown.out


def test_articles_says_which_marks_are_broken_and_lists_the_page(run: Run, pages: Path) -> None:
    (pages / "2026-03-02" / "01.marks.toml").write_text("[[mark]", encoding="utf-8")
    ran = run("articles", str(pages), "--json")
    assert (ran.status, len(ran.document)) == (3, 2)
    assert "2026-03-02/01.marks.toml" in ran.err
    assert "bad_marks" in ran.err


@pytest.mark.parametrize("question", ["", "   ", "？！", "问" * 2000])
def test_question_that_cannot_be_used_is_the_callers_fault(run: Run, pages: Path, question: str) -> None:
    run("build", str(pages))
    ran = run("ask", question, "--json")
    assert ran.status == 2
    assert set(ran.document) == {"title", "detail", "code"}
    assert "Traceback" not in ran.err


def test_asking_before_a_build_says_what_to_do(run: Run) -> None:
    ran = run("ask", "有什么新闻", "--json")
    assert ran.status == 1
    assert ran.document["code"] == "index_missing"
    assert "wenbao build" in ran.err


def test_missing_path_is_refused(run: Run, tmp_path: Path) -> None:
    ran = run("build", str(tmp_path / "nowhere"), "--json")
    assert ran.status == 3
    assert ran.document["snapshot"] is None
    assert ran.document["refused"][0]["code"] == "not_found"


def test_batch_gives_a_line_for_every_line(run: Run, pages: Path, tmp_path: Path) -> None:
    run("build", str(pages))
    batch = tmp_path / "batch.jsonl"
    batch.write_text('{"query": "新桥"}\n{broken\n{"question": "食堂"}\n{"query": 7}\n', encoding="utf-8")
    ran = run("search", "--batch", str(batch), "-k", "1")
    lines = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.status == 3
    assert ["hits" in line for line in lines] == [True, False, True, False]


def test_remove_takes_an_article_out(run: Run, pages: Path) -> None:
    run("build", str(pages))
    first = run("articles", str(pages), "--json").document[0]["id"]
    assert run("remove", first, "--json").document["articles"] == 1
    unknown = run("remove", "no-such-article", "--json")
    assert (unknown.status, unknown.document["code"]) == (2, "article_not_found")


def test_status_tells_what_serves(run: Run, pages: Path) -> None:
    run("build", str(pages))
    status = run("status", "--json").document
    assert (status["snapshot"], status["articles"], status["first_date"]) == (1, 2, "2026-03-02")


def test_eval_counts_every_question(run: Run, pages: Path, tmp_path: Path) -> None:
    run("build", str(pages))
    questions = tmp_path / "gold.jsonl"
    questions.write_text(
        '{"id": "1", "question": "新桥总投资多少", "answers": ["三亿二千万元"]}\n'
        '{"id": "2", "question": "谁当市长", "answers": [], "answerable": false}\n',
        encoding="utf-8",
    )
    figures = run("eval", str(questions), "--json").document
    assert (figures["questions"], figures["answerable"]) == (2, 1)
    assert figures["answers"]["quotes_verbatim"] == 1.0


def test_eval_names_the_line_that_is_no_question(run: Run, pages: Path, tmp_path: Path) -> None:
    run("build", str(pages))
    broken = tmp_path / "gold.jsonl"
    broken.write_text('{"question": "好吗"}\n[]\n', encoding="utf-8")
    ran = run("eval", str(broken), "--json")
    assert ran.status == 2
    assert "第 2 行" in ran.err


def test_doctor_passes_when_all_is_well(run: Run, pages: Path) -> None:
    run("build", str(pages))
    checks = run("doctor", "--json")
    assert checks.status == 0
    assert {check["state"] for check in checks.document["checks"]} == {"ok"}


def test_doctor_names_a_damaged_index(run: Run, pages: Path, tmp_path: Path) -> None:
    run("build", str(pages))
    (tmp_path / "data" / "snapshots" / "000001" / "vectors.faiss").write_bytes(b"not an index")
    ran = run("doctor", "--json")
    failed = [check for check in ran.document["checks"] if check["state"] == "failed"]
    assert ran.status == 1
    assert "vectors.faiss" in failed[0]["detail"]


def test_unknown_setting_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENBAO_PROT", "9000")
    ran = run("status")
    assert ran.status == 2
    assert "WENBAO_PORT" in ran.err


def test_mode_generative_says_that_no_model_is_configured(run: Run, pages: Path) -> None:
    run("build", str(pages))
    ran = run("ask", "新桥有多长", "--mode", "generative", "--json")
    assert (ran.status, ran.document["code"]) == (2, "generator_unavailable")
