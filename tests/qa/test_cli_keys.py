"""The commands `key` and `chats`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from qa.chats import CHAT_STORE, Chats
from qa.cli import main
from qa.keys import Scope, find_key, parse_keys
from qa.question import Turn


def run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit status and stdout of a command."""
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    return int(leaving.value.code or 0), capsys.readouterr().out


@pytest.mark.parametrize(("option", "scope"), [([], Scope.READ), (["--admin"], Scope.ADMIN)])
def test_key_is_made_and_the_settings_take_it(
    capsys: pytest.CaptureFixture[str], option: list[str], scope: Scope
) -> None:
    status, out = run(["key", "desk", *option, "--json"], capsys)
    made = json.loads(out)
    assert status == 0
    [kept] = parse_keys(made["entry"])
    assert find_key(made["key"], [kept]) == kept
    assert (kept.name, kept.scope) == ("desk", scope)
    assert made["key"] not in made["entry"]


def test_two_keys_are_never_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    made = [json.loads(run(["key", "desk", "--json"], capsys)[1])["key"] for _ in range(3)]
    assert len(set(made)) == 3


@pytest.mark.parametrize("name", ["a b", "", "名", "a:b", "x" * 41])
def test_name_that_cannot_stand_in_the_settings_is_refused(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    status, out = run(["key", name], capsys)
    assert (status, out) == (2, "")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a conversation of today and one of forty days ago."""
    chats = Chats(tmp_path / CHAT_STORE)
    for name in ("old", "new"):
        chats.conversations.add(name, Turn("问", "答"))
    long_ago = (datetime.now(UTC) - timedelta(days=40)).isoformat(timespec="milliseconds")
    with chats._store.changing() as cursor:
        cursor.execute("UPDATE conversations SET used_at = ? WHERE id = 'old'", (long_ago,))
    chats.close()
    return tmp_path


@pytest.mark.parametrize(("options", "purged"), [([], 0), (["--days", "30"], 1), (["--days", "0"], 2)])
def test_purge_deletes_what_nobody_used_for_so_long(
    data: Path, capsys: pytest.CaptureFixture[str], options: list[str], purged: int
) -> None:
    status, out = run(["chats", "purge", *options, "--data", str(data), "--json"], capsys)
    assert (status, json.loads(out)) == (0, {"purged": purged})


def test_purge_of_nothing_purges_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out = run(["chats", "purge", "--days", "1", "--data", str(tmp_path), "--json"], capsys)
    assert (status, json.loads(out)) == (0, {"purged": 0})
    assert list(tmp_path.iterdir()) == []


def test_purge_asks_for_days_where_all_is_kept(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WENBAO_CHAT_DAYS", "0")
    assert run(["chats", "purge", "--data", str(data)], capsys)[0] == 2


def test_store_is_purged_by_itself(data: Path) -> None:
    chats = Chats(data / CHAT_STORE)
    chats.keep(30)
    deadline = datetime.now(UTC) + timedelta(seconds=10)
    while len(chats._store.rows("SELECT id FROM conversations")) > 1 and datetime.now(UTC) < deadline:
        pass
    assert chats._store.rows("SELECT id FROM conversations") == [("new",)]
    chats.close()
