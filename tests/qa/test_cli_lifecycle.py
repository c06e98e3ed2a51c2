"""The commands for the index as a whole, as a caller meets them."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path

import click
import pytest

from embeddings.build import build
from embeddings.errors import IndexBusy
from embeddings.index.snapshot import snapshot_folder
from embeddings.settings import Settings
from qa.cli import lifecycle
from qa.cli.watching import follow
from tests.fakes import FakeEncoder, record, write_lines
from tests.qa.conftest import Ran, Run

COMMANDS = {
    command.name: command
    for command in (
        lifecycle.history,
        lifecycle.rollback,
        lifecycle.verify,
        lifecycle.compact,
        lifecycle.export,
        lifecycle.import_,
    )
}


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one of the commands over the test's data folder, with the fake model."""
    monkeypatch.setattr(lifecycle, "find_encoder", lambda _settings: FakeEncoder())
    monkeypatch.setenv("WENBAO_DATA", str(settings.data))
    monkeypatch.setenv("WENBAO_CACHE", str(settings.cache))

    def command(name: str, *arguments: str) -> Ran:
        try:
            status = COMMANDS[name].main(list(arguments), prog_name=name, standalone_mode=False)
        except click.ClickException as error:
            status = error.exit_code
        out, err = capsys.readouterr()
        return Ran(status or 0, out, err)

    return command


@pytest.fixture
def data(settings: Settings, tmp_path: Path) -> Path:
    """A data folder with snapshots 1 and 2."""
    for number in (1, 2):
        write_lines(tmp_path / "inbox" / f"{number}.jsonl", [record(f"a{number}", f"第{number}座桥通车。")])
        build([tmp_path / "inbox"], settings, FakeEncoder())
    return settings.data


def damage(data: Path, number: int) -> None:
    path = snapshot_folder(data, number) / "catalog.sqlite"
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:-1])


def test_history_lists_the_snapshots(run: Run, data: Path) -> None:
    listed = run("history", "--json").document
    assert [(one["number"], one["serves"], one["state"]) for one in listed["snapshots"]] == [
        (2, True, "whole"),
        (1, False, "whole"),
    ]
    assert listed["bytes"] <= sum(one["size_bytes"] for one in listed["snapshots"])
    shown = run("history")
    assert shown.status == 0
    assert "正在服务" in shown.out


def test_history_before_the_first_build_says_so(run: Run) -> None:
    assert run("history", "--json").document == {"snapshots": [], "bytes": 0}
    assert "还没有" in run("history").out


def test_rollback_lets_the_one_before_serve(run: Run, data: Path) -> None:
    assert run("rollback", "--json").document == {"snapshot": 1, "articles": 1}
    assert "快照 2" in run("rollback", "2").out
    unknown = run("rollback", "7", "--json")
    assert (unknown.status, unknown.document["code"]) == (2, "snapshot_not_found")


def test_rollback_to_a_damaged_one_is_the_callers_fault(run: Run, data: Path) -> None:
    damage(data, 1)
    ran = run("rollback", "--json")
    assert (ran.status, ran.document["code"]) == (2, "index_damaged")
    assert "catalog.sqlite" in ran.err


def test_verify_tells_whole_from_damaged(run: Run, data: Path) -> None:
    damage(data, 1)
    whole = run("verify", "--json")
    assert (whole.status, whole.document["whole"]) == (0, True)
    every = run("verify", "--all", "--json")
    assert every.status == 1
    assert [(one["snapshot"], one["whole"]) for one in every.document["snapshots"]] == [(2, True), (1, False)]
    assert every.document["snapshots"][1]["findings"][0]["place"] == "catalog.sqlite"
    shown = run("verify", "--all")
    assert "快照 2:完好" in shown.out
    assert "catalog.sqlite" in shown.out


def test_verify_before_the_first_build_is_an_error(run: Run) -> None:
    for options in ([], ["--all"]):
        ran = run("verify", *options, "--json")
        assert (ran.status, ran.document["code"]) == (1, "index_missing")


def test_verify_of_a_snapshot_that_is_gone_finds_damage(run: Run, data: Path) -> None:
    (data / "CURRENT").write_text("9\n")
    assert run("verify", "--json").status == 1


def test_compact_reports_the_build(run: Run, data: Path) -> None:
    assert run("compact", "--json").document["articles"] == 2
    assert run("verify").status == 0


def test_exported_index_is_imported_elsewhere(run: Run, data: Path, tmp_path: Path) -> None:
    tar, there = tmp_path / "index.tar", tmp_path / "there"
    exported = run("export", str(tar), "--json")
    assert (exported.status, exported.document["snapshot"]) == (0, 2)
    taken = run("import", str(tar), "--data", str(there), "--json")
    assert taken.document == {"snapshot": 1, "articles": 2, "same_model": True}
    assert run("verify", "--data", str(there)).status == 0


def test_older_snapshot_is_exported_by_number(run: Run, data: Path, tmp_path: Path) -> None:
    assert run("export", str(tmp_path / "x.tar"), "--snapshot", "1", "--json").document["snapshot"] == 1
    ran = run("export", str(tmp_path / "y.tar"), "--snapshot", "8", "--json")
    assert (ran.status, ran.document["code"]) == (2, "snapshot_not_found")
    assert not (tmp_path / "y.tar").exists()


def test_export_before_the_first_build_is_an_error(run: Run, tmp_path: Path) -> None:
    assert run("export", str(tmp_path / "x.tar"), "--json").document["code"] == "index_missing"


def test_articles_are_exported_as_lines(run: Run, data: Path, tmp_path: Path) -> None:
    lines = run("export", "-", "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["a1", "a2"]
    path = tmp_path / "articles.jsonl"
    assert run("export", str(path), "--format", "jsonl", "--json").document["articles"] == 2
    assert path.read_text(encoding="utf-8").splitlines() == lines


def test_index_does_not_go_to_standard_output(run: Run, data: Path) -> None:
    assert run("export", "-").status == 2


def test_import_of_something_else_is_the_callers_fault(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "other.tar"
    path.write_bytes(b"x" * 2000)
    ran = run("import", str(path), "--json")
    assert (ran.status, ran.document["code"]) == (2, "not_export")
    assert run("import", str(tmp_path / "nowhere.tar")).status == 2


def test_import_of_another_models_index_needs_to_be_asked_for(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tar, there = str(tmp_path / "index.tar"), str(tmp_path / "there")
    run("export", tar)
    monkeypatch.setattr(lifecycle, "find_encoder", lambda _settings: FakeEncoder("another"))
    ran = run("import", tar, "--data", there, "--json")
    assert (ran.status, ran.document["code"]) == (2, "other_model")
    forced = run("import", tar, "--data", there, "--any-model", "--json")
    assert (forced.status, forced.document["same_model"]) == (0, False)
    assert "另一个模型" in forced.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_follow_ends_after_the_build_that_runs_when_it_is_told_to(tmp_path: Path, number: int) -> None:
    builds = []

    def rebuild() -> None:
        signal.raise_signal(number)
        builds.append(1)

    handler = signal.getsignal(number)
    assert follow([tmp_path], rebuild, settle_s=0.05) == 0
    assert builds == [1]
    assert signal.getsignal(number) is handler


def test_follow_told_twice_breaks_the_build_off(tmp_path: Path) -> None:
    def rebuild() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        follow([tmp_path], rebuild, settle_s=0.05)


def test_follow_ends_while_it_waits(tmp_path: Path) -> None:
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGTERM])
    timer.start()
    assert follow([tmp_path], lambda: None, settle_s=0.05) == 0
    timer.join()


def test_follow_tells_what_went_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def rebuild() -> None:
        signal.raise_signal(signal.SIGINT)
        raise IndexBusy("另一个进程正在更新索引。", hint="等它完成。")

    assert follow([tmp_path], rebuild, settle_s=0.05) == 0
    err = capsys.readouterr().err
    assert "另一个进程正在更新索引" in err
    assert "等它完成" in err
