"""One file that moves an index to another machine: what goes in comes out, and nothing else gets in."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from embeddings.build import build
from embeddings.errors import IndexBusy, IndexDamaged, InputRefused, ServiceError, WenbaoError
from embeddings.index import importing
from embeddings.index.importing import import_snapshot
from embeddings.index.snapshot import (
    CATALOG,
    current_number,
    read_manifest,
    snapshot_files,
    snapshot_folder,
    snapshot_numbers,
)
from embeddings.index.transfer import HEADER, article_lines, export_lines, export_snapshot
from embeddings.index.verify import verify_snapshot
from embeddings.lock import build_lock
from embeddings.settings import Settings
from tests.embeddings.archive import Archive, contents, found
from tests.fakes import FakeEncoder, record
from tests.full_disk import files_no_larger_than

FAKE = FakeEncoder().fingerprint

PAGE = """清岸新桥今天合龙

本报讯（记者 林一帆）清岸新桥今天上午合龙，全长八百六十米，总投资三亿二千万元。大桥将于明年五月一日通车。

老街食堂月底开张

本报讯（记者 周小雨）老街社区食堂将于本月三十日开张，一次能坐九十人，老人用餐打七折。
"""

Members = list[tuple[tarfile.TarInfo, bytes]]


@pytest.fixture
def archive(settings: Settings, tmp_path: Path) -> Archive:
    """The index that is exported: a page and two lines."""
    archive = Archive(settings, tmp_path / "inbox")
    page = archive.inbox / "清岸日报" / "2026-03-02" / "01.txt"
    page.parent.mkdir(parents=True)
    page.write_text(PAGE, encoding="utf-8")
    archive.write(
        "清岸日报/2026-03-02/稿.jsonl",
        record(
            "a", "灯塔又亮了。\n守塔人换了灯泡。", "灯塔", byline="记者 何小舟", captions=["灯塔。何小舟摄"]
        ),
        record("b", "渡轮改点了。", "渡轮", url="https://example.org/b", kicker="快讯", subtitle="六点开"),
    )
    archive.build()
    return archive


@pytest.fixture
def tar(archive: Archive, tmp_path: Path) -> Path:
    path = tmp_path / "index.tar"
    export_snapshot(archive.data, 1, path)
    return path


@pytest.fixture
def elsewhere(settings: Settings, tmp_path: Path) -> Archive:
    """Another machine, with nothing built."""
    return Archive(settings.model_copy(update={"data": tmp_path / "there"}), tmp_path / "inbox there")


def members(tar: Path) -> Members:
    with tarfile.open(tar) as archive:
        return [(member, (archive.extractfile(member) or io.BytesIO()).read()) for member in archive]


def write_tar(tar: Path, content: Members, form: int = tarfile.GNU_FORMAT) -> None:
    with tarfile.open(tar, "w", format=form) as archive:
        for member, data in content:
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


def edit_header(tar: Path, **fields: Any) -> None:
    (member, header), *rest = members(tar)
    write_tar(tar, [(member, json.dumps({**json.loads(header), **fields}).encode()), *rest])


def refused(tar: Path, there: Archive, **options: Any) -> WenbaoError:
    """The refusal of an import that leaves the other machine's index as it was."""
    before = (current_number(there.data), snapshot_numbers(there.data))
    with pytest.raises(WenbaoError) as caught:
        import_snapshot(tar, there.settings, FAKE, **options)
    assert (current_number(there.data), snapshot_numbers(there.data)) == before
    assert not (there.data / "snapshots" / ".importing").exists()
    return caught.value


def test_imported_index_is_the_exported_one(archive: Archive, tar: Path, elsewhere: Archive) -> None:
    assert import_snapshot(tar, elsewhere.settings, FAKE).number == 1
    assert contents(elsewhere) == contents(archive)
    assert found(elsewhere, "食堂几折") == found(archive, "食堂几折")
    assert verify_snapshot(snapshot_folder(elsewhere.data, 1)) == []


def test_tar_can_be_listed_and_its_header_comes_first(archive: Archive, tar: Path) -> None:
    (first, header), *rest = members(tar)
    fields = json.loads(header)
    assert first.name == HEADER
    assert [member.name for member, _ in rest] == sorted(
        read_manifest(snapshot_folder(archive.data, 1)).checksums
    )
    assert [(one["name"], one["size"], one["sha256"]) for one in fields["files"]] == [
        (member.name, len(data), hashlib.sha256(data).hexdigest()) for member, data in rest
    ]
    assert fields["bytes"] == sum(len(data) for _, data in rest)
    assert {(member.mtime, member.uid, member.uname) for member, _ in members(tar)} == {(0, 0, "")}


def test_same_snapshot_exports_to_the_same_bytes_but_for_the_time(
    archive: Archive, tar: Path, tmp_path: Path
) -> None:
    again = tmp_path / "again.tar"
    export_snapshot(archive.data, 1, again)
    edit_header(again, created="t")
    edit_header(tar, created="t")
    assert again.read_bytes() == tar.read_bytes()


def test_import_over_an_index_takes_the_next_number_and_can_be_rolled_back(
    tar: Path, elsewhere: Archive
) -> None:
    elsewhere.write("c.jsonl", record("c", "这里的第一篇。"))
    elsewhere.build()
    manifest = import_snapshot(tar, elsewhere.settings, FAKE)
    assert (manifest.number, manifest.parent) == (2, 1)
    assert elsewhere.snapshot().number == 2
    assert "a" in elsewhere.ids()
    assert snapshot_numbers(elsewhere.data) == [1, 2]


def test_build_of_the_same_files_in_another_folder_embeds_nothing_after_an_import(
    archive: Archive, tar: Path, elsewhere: Archive
) -> None:
    shutil.copytree(archive.inbox, elsewhere.inbox)
    shutil.rmtree(archive.inbox)
    import_snapshot(tar, elsewhere.settings, FAKE)
    report = elsewhere.build(prune=True)
    assert (report.embedded, report.added, report.removed, report.articles) == (0, 0, 0, 4)
    (elsewhere.inbox / "清岸日报/2026-03-02/稿.jsonl").unlink()
    assert elsewhere.build(prune=True).removed == 2


@pytest.mark.parametrize("share", [0, 1, 100, 511, 512, 700, 0.2, 0.5, 0.8, 0.99])
def test_file_that_is_cut_off_is_refused(tar: Path, elsewhere: Archive, share: float) -> None:
    whole = tar.read_bytes()
    tar.write_bytes(whole[: int(share if share >= 1 else share * len(whole))])
    assert refused(tar, elsewhere).code in {"cut_off", "not_export"}


def test_file_without_its_end_is_refused(tar: Path, elsewhere: Archive) -> None:
    content = members(tar)
    blocks = sum(512 + len(data) + -len(data) % 512 for _, data in content)
    tar.write_bytes(tar.read_bytes()[:blocks])
    assert refused(tar, elsewhere).code == "cut_off"


def test_byte_that_changed_anywhere_is_refused(tar: Path, elsewhere: Archive) -> None:
    whole = tar.read_bytes()
    for at in [*range(0, 512, 37), *range(512, len(whole), max(1, len(whole) // 150)), len(whole) - 1]:
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        tar.write_bytes(changed)
        with mock.patch.object(importing, "publish"):
            try:
                import_snapshot(tar, elsewhere.settings, FAKE)
            except InputRefused:
                continue
        # A byte that carries nothing: a tar header's owner or time would not show in the index.
        changes = [(a, b) for a, b in zip(members(tar), _members_of(whole, tar), strict=True) if a[1] != b[1]]
        assert [member.name for (member, _), _ in changes] in ([], [HEADER]), at
        shutil.rmtree(elsewhere.data)


def _members_of(data: bytes, beside: Path) -> Members:
    path = beside.with_suffix(".whole")
    path.write_bytes(data)
    return members(path)


def _a_link(kind: bytes) -> Callable[[Members], Members]:
    def change(content: Members) -> Members:
        link = tarfile.TarInfo(content[1][0].name)
        link.type, link.linkname = kind, "/etc/passwd"
        return [content[0], (link, b""), *content[2:]]

    return change


def _one_more(name: str) -> Callable[[Members], Members]:
    return lambda content: [*content, (tarfile.TarInfo(name), b"x")]


def _without_one(content: Members) -> Members:
    return [*content[:2], *content[3:]]


def _swapped(content: Members) -> Members:
    return [content[0], content[2], content[1], *content[3:]]


def _longer(content: Members) -> Members:
    return [content[0], (content[1][0], content[1][1] + b"x"), *content[2:]]


def _changed(content: Members) -> Members:
    data = content[1][1]
    return [content[0], (content[1][0], bytes([data[0] ^ 1]) + data[1:]), *content[2:]]


HOSTILE: dict[str, Callable[[Members], Members]] = {
    "symbolic link": _a_link(tarfile.SYMTYPE),
    "hard link": _a_link(tarfile.LNKTYPE),
    "device": _a_link(tarfile.CHRTYPE),
    "pipe": _a_link(tarfile.FIFOTYPE),
    "folder": _a_link(tarfile.DIRTYPE),
    "file above": _one_more("../above"),
    "absolute file": _one_more("/tmp/absolute"),
    "unknown file": _one_more("more"),
    "same file twice": _one_more(CATALOG),
    "file missing": _without_one,
    "other order": _swapped,
    "longer file": _longer,
    "changed file": _changed,
    "header last": lambda content: [*content[1:], content[0]],
    "header twice": lambda content: [content[0], *content],
    "no header": lambda content: content[1:],
    "header only": lambda content: content[:1],
}


@pytest.mark.parametrize("change", HOSTILE)
def test_tar_with_anything_but_the_files_it_names_is_refused(
    tar: Path, elsewhere: Archive, change: str
) -> None:
    write_tar(tar, HOSTILE[change](members(tar)))
    assert isinstance(refused(tar, elsewhere), InputRefused)
    assert not (elsewhere.data.parent / "above").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "/x",
        "a/../x",
        "a/b/c",
        "",
        ".",
        "..",
        "x\n",
        "catalog.sqlite-journal",
        "manifest.json",
        "terms/",
        "é",
    ],
)
def test_names_that_lead_anywhere_else_are_refused(tar: Path, elsewhere: Archive, name: str) -> None:
    (member, text), *rest = members(tar)
    header = json.loads(text)
    digests = {
        name if key == CATALOG else key: value for key, value in header["manifest"]["checksums"].items()
    }
    header["files"][0]["name"] = name
    header["manifest"]["checksums"] = digests
    rest[0][0].name = name
    write_tar(tar, [(member, json.dumps(header).encode()), *rest])
    assert refused(tar, elsewhere).code in {"bad_names", "damaged"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "another"}, "not_export"),
        ({"format": 2}, "newer_format"),
        ({"format": 0}, "not_export"),
        ({"format": None}, "not_export"),
        ({"byte_order": "big"}, "other_machine"),
        ({"word_bits": 32}, "other_machine"),
        ({"bytes": 1}, "damaged"),
        ({"bytes": 1 << 60}, "damaged"),
        ({"bytes": "many"}, "not_export"),
        ({"files": []}, "bad_names"),
        ({"files": None}, "not_export"),
        ({"manifest": {}}, "bad_names"),
        ({"more": "x" * (5 << 20)}, "not_export"),
    ],
)
def test_header_that_does_not_fit_is_refused(
    tar: Path, elsewhere: Archive, fields: dict[str, Any], code: str
) -> None:
    edit_header(tar, **fields)
    assert refused(tar, elsewhere).code == code


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b"null", b"[" * 100_000, b"\xff", b'{"kind": 1, "format": 1}']
)
def test_header_that_is_none_is_refused(tar: Path, elsewhere: Archive, text: bytes) -> None:
    (member, _), *rest = members(tar)
    write_tar(tar, [(member, text), *rest])
    assert refused(tar, elsewhere).code == "not_export"


@pytest.mark.parametrize(
    ("fields", "codes"),
    [
        ({"format": 99}, {"newer_format"}),
        ({"format": 2}, {"older_format"}),
        ({"articles": 3}, {"damaged"}),
        ({"dimension": 5}, {"damaged"}),
        ({"articles": "4"}, {"damaged"}),
        ({"model": "\x1b[2J"}, {"damaged"}),
        ({"built_at": None}, {"damaged"}),
        ({"surprise": 1}, {"damaged"}),
    ],
)
def test_manifest_that_does_not_fit_is_refused(
    archive: Archive, tar: Path, elsewhere: Archive, fields: dict[str, Any], codes: set[str]
) -> None:
    manifest = dataclasses.asdict(read_manifest(snapshot_folder(archive.data, 1))) | fields
    sealed = {name: value for name, value in manifest.items() if name != "seal"}
    text = json.dumps(sealed, ensure_ascii=False, sort_keys=True)
    edit_header(tar, manifest={**sealed, "seal": hashlib.sha256(text.encode()).hexdigest()})
    assert refused(tar, elsewhere).code in codes


@pytest.mark.parametrize("content", [b"", b"no tar at all", b"\0" * 20_000, b"x" * 20_000])
def test_file_that_is_no_export_is_refused(tar: Path, elsewhere: Archive, content: bytes) -> None:
    tar.write_bytes(content)
    assert refused(tar, elsewhere).code == "not_export"


def test_other_tars_are_refused(tar: Path, elsewhere: Archive) -> None:
    for form in (tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        write_tar(tar, [(tarfile.TarInfo("notes.txt"), b"x")], form)
        assert refused(tar, elsewhere).code == "not_export"


def test_file_that_is_not_there_or_a_folder_is_refused(tmp_path: Path, elsewhere: Archive) -> None:
    assert refused(tmp_path / "nowhere.tar", elsewhere).code == "unreadable"
    assert refused(tmp_path, elsewhere).code == "unreadable"


def test_index_with_whole_files_that_do_not_agree_is_refused(
    archive: Archive, tar: Path, elsewhere: Archive
) -> None:
    """A forger can make every checksum fit; what the files hold must fit too."""
    import sqlite3

    folder = snapshot_folder(archive.data, 1)
    database = sqlite3.connect(folder / CATALOG)
    with database:
        database.execute("UPDATE passages SET end = 9999 WHERE key = 1")
    database.close()
    (member, text), *rest = members(tar)
    header = json.loads(text)
    forged = (folder / CATALOG).read_bytes()
    digest = hashlib.sha256(forged).hexdigest()
    manifest = {name: value for name, value in header["manifest"].items() if name != "seal"}
    manifest["checksums"][CATALOG] = digest
    seal = hashlib.sha256(json.dumps(manifest, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    header["manifest"] = {**manifest, "seal": seal}
    header["files"][0] |= {"size": len(forged), "sha256": digest}
    header["bytes"] = sum(one["size"] for one in header["files"])
    write_tar(tar, [(member, json.dumps(header).encode()), (rest[0][0], forged), *rest[1:]])
    error = refused(tar, elsewhere)
    assert error.code == "damaged"
    assert "9999" in error.message


def test_index_of_another_model_is_refused_unless_any_will_do(tar: Path, elsewhere: Archive) -> None:
    with pytest.raises(InputRefused, match="另一个模型") as caught:
        import_snapshot(tar, elsewhere.settings, "another")
    assert caught.value.code == "other_model"
    assert import_snapshot(tar, elsewhere.settings, "another", any_model=True).encoder == FAKE


def test_import_while_a_build_runs_is_refused(tar: Path, elsewhere: Archive) -> None:
    with build_lock(elsewhere.data), pytest.raises(IndexBusy):
        import_snapshot(tar, elsewhere.settings, FAKE)


def test_import_without_room_says_so_before_it_writes(tar: Path, elsewhere: Archive) -> None:
    with mock.patch.object(shutil, "disk_usage", return_value=mock.Mock(free=10)):
        assert refused(tar, elsewhere).code == "disk_error"


@pytest.mark.parametrize("size_bytes", [0, 100, 2_000, 30_000])
def test_import_on_a_full_disk_leaves_nothing(tar: Path, elsewhere: Archive, size_bytes: int) -> None:
    with files_no_larger_than(size_bytes):
        error = refused(tar, elsewhere)
    assert error.code in {"disk_error", "data_unwritable"}
    assert import_snapshot(tar, elsewhere.settings, FAKE).number == 1


@pytest.mark.parametrize("size_bytes", [0, 100, 2_000, 30_000])
def test_export_on_a_full_disk_leaves_nothing(archive: Archive, tmp_path: Path, size_bytes: int) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    with files_no_larger_than(size_bytes), pytest.raises(ServiceError) as caught:
        export_snapshot(archive.data, 1, folder / "index.tar")
    assert caught.value.code == "disk_error"
    assert list(folder.iterdir()) == []


def test_export_that_fails_leaves_the_file_that_was_there(archive: Archive, tar: Path) -> None:
    before = tar.read_bytes()
    with files_no_larger_than(100), pytest.raises(ServiceError):
        export_snapshot(archive.data, 1, tar)
    assert tar.read_bytes() == before


def test_export_into_no_folder_says_so(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ServiceError) as caught:
        export_snapshot(archive.data, 1, tmp_path / "nowhere" / "index.tar")
    assert caught.value.code == "disk_error"
    assert str(tmp_path) not in str(caught.value)


def test_export_of_a_damaged_snapshot_is_refused(archive: Archive, tmp_path: Path) -> None:
    path = next(snapshot_files(snapshot_folder(archive.data, 1)))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(IndexDamaged, match=path.name.replace(".", r"\.")):
        export_snapshot(archive.data, 1, tmp_path / "index.tar")
    assert not (tmp_path / "index.tar").exists()


def test_articles_as_lines_build_the_same_articles_elsewhere(
    archive: Archive, elsewhere: Archive, tmp_path: Path
) -> None:
    elsewhere.inbox.mkdir()
    assert export_lines(archive.data, 1, elsewhere.inbox / "articles.jsonl") == 4
    report = build([elsewhere.inbox], elsewhere.settings, FakeEncoder())
    assert (report.articles, report.refused) == (4, ())

    def told(one: Archive) -> list[dict[str, Any]]:
        found = [article.to_json() for article in one.snapshot().catalog.articles()]
        # Where they stood on their page is not told, nor how surely they were found there.
        return [{k: v for k, v in fields.items() if k not in {"source", "confidence"}} for fields in found]

    assert told(elsewhere) == told(archive)


def test_lines_leave_out_what_is_not_known(settings: Settings, tmp_path: Path) -> None:
    archive = Archive(settings, tmp_path / "inbox")
    archive.write("a.jsonl", record("a", "船开了。", "开船"))
    archive.build()
    (line,) = article_lines(archive.data, 1)
    assert json.loads(line) == {"id": "a", "title": "开船", "body": "船开了。", "kind": "article"}
