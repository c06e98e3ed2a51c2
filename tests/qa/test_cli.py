"""The command line as a caller meets it: what goes to stdout and stderr, and the exit status."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from embeddings.lock import build_lock
from qa.cli import COMMANDS, cli
from tests.qa.conftest import Run


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
    assert (status["degraded"], status["server"], status["kept"], status["building"]) == (
        None,
        None,
        [1],
        None,
    )
    shown = run("status").out
    for words in ("快照 1", "2 篇文章", "保留的快照 1", "服务没有运行", "没有进程在更新索引"):
        assert words in shown


def test_status_and_doctor_tell_of_a_snapshot_that_steps_in(run: Run, pages: Path, tmp_path: Path) -> None:
    run("build", str(pages))
    (pages / "2026-03-02" / "02.txt").write_text("旧仓库改成图书馆\n\n旧仓库下月开放。\n", encoding="utf-8")
    run("build", str(pages))
    (tmp_path / "data" / "snapshots" / "000002" / "catalog.sqlite").unlink()
    ran = run("status", "--json")
    assert ran.status == 0
    assert (ran.document["snapshot"], ran.document["kept"]) == (1, [1, 2])
    assert (ran.document["degraded"]["snapshot"], ran.document["degraded"]["code"]) == (2, "index_damaged")
    shown = run("status").out
    assert "注意:快照 2 不能使用(" in shown
    assert "catalog.sqlite" in shown
    assert "由快照 1 代替" in shown
    failed = [check for check in run("doctor", "--json").document["checks"] if check["state"] == "failed"]
    assert [check["name"] for check in failed] == ["索引"]
    assert "catalog.sqlite" in failed[0]["detail"]
    assert run("ask", "新桥有多长", "--json").document["snapshot"] == 1


def test_status_names_who_is_building(run: Run, pages: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with build_lock(data):
        first = run("status", "--json")
    assert (first.status, first.document["code"]) == (1, "index_missing")
    assert f"进程 {os.getpid()}" in first.document["detail"]
    run("build", str(pages))
    with build_lock(data):
        assert f"进程 {os.getpid()}" in run("status", "--json").document["building"]
        assert f"正在更新索引:进程 {os.getpid()}" in run("status").out


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
    (tmp_path / "data" / "snapshots" / "000001" / "catalog.sqlite").write_bytes(b"not a catalog")
    ran = run("doctor", "--json")
    failed = [check for check in ran.document["checks"] if check["state"] == "failed"]
    assert ran.status == 1
    assert "catalog.sqlite" in failed[0]["detail"]


def test_unknown_setting_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WENBAO_PROT", "9000")
    ran = run("status")
    assert ran.status == 2
    assert "WENBAO_PORT" in ran.err


def test_mode_generative_says_that_no_model_is_configured(run: Run, pages: Path) -> None:
    run("build", str(pages))
    ran = run("ask", "新桥有多长", "--mode", "generative", "--json")
    assert (ran.status, ran.document["code"]) == (2, "generator_unavailable")


@pytest.mark.parametrize("name", COMMANDS)
def test_listed_command_is_there_and_explains_itself(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert command.help
    assert COMMANDS[name].short_help


def test_help_lists_every_command(run: Run) -> None:
    shown = run("--help").out
    assert all(name in shown and place.short_help in shown for name, place in COMMANDS.items())


def test_unknown_command_is_the_callers_fault(run: Run) -> None:
    ran = run("serv")
    assert ran.status == 2
    assert "serve" in ran.err


@pytest.mark.parametrize("arguments", [["--help"], ["ask", "--help"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    code = f"""
import sys
from qa import cli
try:
    cli.main({arguments})
finally:
    print(*sorted(sys.modules), file=sys.stderr)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(ran.stderr.split())
    heavy = {
        "faiss",
        "flask",
        "gunicorn",
        "jieba",
        "numpy",
        "rich",
        "sentence_transformers",
        "tantivy",
        "torch",
    }
    assert "click" in loaded
    assert not heavy & loaded
