"""The administrator's pages and `/api/builds`: the real index and jobs over a stand-in model."""

from __future__ import annotations

import csv
import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from embeddings.index.snapshot import current_number
from embeddings.settings import Settings
from qa.archive import Archive
from qa.chats import Chats
from qa.jobs import Jobs, State
from qa.keys import Scope, new_key
from qa.service import Service
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder
from web import create_app

TOKEN, KEY = new_key("chief", Scope.ADMIN)
BEARER = {"Authorization": f"Bearer {TOKEN}"}
PATIENCE_S = 60.0
PAGE = """第05版：城事
柳湾渡口换新船
一次能坐四十八人
本报讯（记者 阮小舟）柳湾渡口昨天换上新船。新船一次能坐四十八人，比旧船多十六人。
渡口管理站站长木石说，票价仍是两元。
老巷换路灯
本报讯（记者 段青梧）老巷的路灯昨晚换成了新的，用电少了一半。
居民说，夜里走路亮堂多了，也没有那么刺眼。
"""
HOSTILE = '=HYPERLINK("http://evil.example","点我")<script>alert(1)</script>'


@dataclass
class Newsroom:
    """An application over real parts, its data folder, and a client with an administrator's key."""

    app: Flask
    jobs: Jobs
    data: Path
    client: FlaskClient

    def upload(self, *files: tuple[str, bytes], **fields: str) -> TestResponse:
        """Send files as a program does."""
        form = {"files": [(io.BytesIO(content), name) for name, content in files], **fields}
        response = self.client.post("/api/builds", data=form, headers=BEARER)
        response.request.environ["wsgi.input"].close()  # a large one is a file
        return response

    def ended(self, job_id: str) -> dict[str, object]:
        """The build once nothing more happens to it by itself."""
        deadline = time.monotonic() + PATIENCE_S
        while self.jobs.store.of(job_id).state in (State.PLANNING, State.QUEUED, State.BUILDING):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        found: dict[str, object] = self.client.get(f"/api/builds/{job_id}", headers=BEARER).get_json()
        return found


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newsroom]:
    monkeypatch.setenv("WENBAO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("qa.jobs.RUNNER", ["-m", "tests.web.fake_runner"])
    settings = Settings(
        data=tmp_path / "data",
        cache=tmp_path / "cache",
        api_keys=KEY.entry(),  # type: ignore[arg-type]
        max_upload_bytes=1 << 20,
    )
    chats = Chats(settings.data / "chat.sqlite")
    service = Service(settings, FakeEncoder(), FakeSpans(), chats.conversations)
    jobs = Jobs(settings.data)
    app = create_app(service, chats, settings, Archive(settings, FakeEncoder().fingerprint), jobs)
    jobs.start()
    yield Newsroom(app, jobs, settings.data, app.test_client())
    jobs.close()
    service.close()
    chats.close()


def test_pages_are_uploaded_built_and_served(newsroom: Newsroom) -> None:
    response = newsroom.upload(("05.txt", PAGE.encode()), paper="柳湾晚报", date="2026-10-20")
    assert response.status_code == 202
    started = response.get_json()
    assert response.headers["Location"] == f"/api/builds/{started['id']}"
    assert (started["by"], started["files"]) == ("chief", ["05.txt"])

    done = newsroom.ended(started["id"])
    assert done["state"] == "done"
    [issue] = newsroom.client.get("/api/issues").get_json()["issues"]
    assert (issue["paper"], issue["date"], issue["pages"][0]["page"]) == ("柳湾晚报", "2026-10-20", "05")
    assert str(newsroom.data) not in str(done)
    [listed] = newsroom.client.get("/api/builds", headers=BEARER).get_json()["builds"]
    assert listed == done


def test_zip_of_an_issue_is_planned_confirmed_and_built(newsroom: Newsroom) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("柳湾晚报/2026-10-20/05.txt", PAGE)
    job = newsroom.upload(("issue.zip", packed.getvalue()), mode="plan").get_json()
    planned = newsroom.ended(job["id"])
    assert planned["state"] == "planned"
    assert isinstance(planned["plan"], dict)
    assert planned["plan"]["added"] == 2
    assert current_number(newsroom.data) is None

    started = newsroom.client.post(f"/api/builds/{job['id']}/start", json={}, headers=BEARER)
    assert started.status_code == 200
    assert newsroom.ended(job["id"])["state"] == "done"
    again = newsroom.client.post(f"/api/builds/{job['id']}/start", json={}, headers=BEARER)
    assert (again.status_code, again.get_json()["code"]) == (400, "bad_state")


def test_planned_build_is_cancelled_with_its_files(newsroom: Newsroom) -> None:
    job = newsroom.upload(("05.txt", PAGE.encode()), mode="plan").get_json()
    newsroom.ended(job["id"])
    assert newsroom.client.delete(f"/api/builds/{job['id']}", headers=BEARER).status_code == 200
    assert list((newsroom.data / "papers").rglob("*.txt")) == []


def test_repeated_request_begins_one_build(newsroom: Newsroom) -> None:
    headers = {**BEARER, "Idempotency-Key": "3f1c"}

    def send(content: bytes) -> TestResponse:
        form = {"files": (io.BytesIO(content), "05.txt")}
        return newsroom.client.post("/api/builds", data=form, headers=headers)

    first, second = send(PAGE.encode()), send(PAGE.encode())
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.get_json()["id"] == second.get_json()["id"]
    other = send(b"other")
    assert (other.status_code, other.get_json()["code"]) == (400, "idempotency_mismatch")
    assert len(newsroom.jobs.store.all()) == 1


def test_uploaded_papers_are_built_again_without_files(newsroom: Newsroom) -> None:
    newsroom.ended(newsroom.upload(("05.txt", PAGE.encode())).get_json()["id"])
    again = newsroom.client.post("/api/builds", json={}, headers=BEARER)
    done = newsroom.ended(again.get_json()["id"])
    assert isinstance(done["report"], dict)
    assert done["report"]["unchanged"] == 2


@pytest.mark.parametrize(
    ("files", "fields", "status", "code"),
    [
        ([("evil.sh", b"x")], {}, 422, "unsupported"),
        ([("../../evil.py", b"x")], {}, 422, "unsupported"),
        ([("01.txt", b"x"), ("../01.txt", b"y")], {}, 400, "bad_upload"),
        ([("01.txt", b"x")], {"paper": "../../etc"}, 400, "bad_paper"),
        ([("01.txt", b"x")], {"date": "2026-02-30"}, 400, "bad_request"),
        ([("01.txt", b"x")], {"date": "../x"}, 400, "bad_request"),
        ([("01.txt", b"x" * (1 << 20))], {}, 413, "too_large"),
    ],
)
def test_upload_that_is_none_is_refused_and_leaves_nothing(
    newsroom: Newsroom, files: list[tuple[str, bytes]], fields: dict[str, str], status: int, code: str
) -> None:
    response = newsroom.upload(*files, **fields)
    assert (response.status_code, response.get_json()["code"]) == (status, code)
    assert newsroom.jobs.store.all() == []
    assert [path for path in newsroom.data.rglob("*") if path.is_file() and "papers" in path.parts] == []


def test_path_in_a_name_stays_in_the_folder_of_papers(newsroom: Newsroom) -> None:
    newsroom.upload(("../../../outside.txt", PAGE.encode()), mode="plan")
    [written] = newsroom.data.parent.rglob("outside.txt")
    assert written.is_relative_to(newsroom.data / "papers")


def test_zip_bomb_is_refused_and_the_service_goes_on(newsroom: Newsroom) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("01.txt", b"0" * (200 << 20))
        archive.writestr("../../02.txt", PAGE)
    job = newsroom.upload(("bomb.zip", packed.getvalue())).get_json()

    done = newsroom.ended(job["id"])
    assert done["state"] == "done"
    assert isinstance(done["report"], dict)
    assert done["report"]["refused"]
    assert newsroom.client.get("/healthz").status_code == 200


def test_large_body_is_for_uploads_only(newsroom: Newsroom) -> None:
    headers = {**BEARER, "Content-Type": "application/json"}
    body = b'{"question": "' + b"x" * (2 << 20) + b'"}'
    assert newsroom.client.post("/api/answer", data=body, headers=headers).status_code == 413


def log_in(newsroom: Newsroom) -> FlaskClient:
    client = newsroom.app.test_client()
    assert client.post("/login", data={"key": TOKEN, "back": "/admin"}).location == "/admin"
    return client


def page(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def test_form_plans_shows_and_starts_a_build(newsroom: Newsroom) -> None:
    client = log_in(newsroom)
    form = {"files": (io.BytesIO(PAGE.encode()), "05.txt"), "paper": "柳湾晚报", "date": "2026-10-20"}
    planned = client.post("/admin/upload", data=form)
    assert planned.status_code == 303
    build_id = planned.location.rpartition("/")[2]
    newsroom.ended(build_id)

    shown = page(client, planned.location)
    assert "等待确认" in shown
    assert re.search(r"<dt>新增</dt><dd>2</dd>", shown)
    client.post(f"/admin/builds/{build_id}/start")
    newsroom.ended(build_id)
    assert "完成" in page(client, f"/admin/builds/{build_id}/progress")
    assert build_id in page(client, "/admin")


def test_form_without_files_is_told_so(newsroom: Newsroom) -> None:
    response = log_in(newsroom).post("/admin/upload", data={})
    assert response.status_code == 400
    assert "没有选择文件" in response.get_data(as_text=True)


def test_refusals_of_a_build_are_shown(newsroom: Newsroom) -> None:
    job = newsroom.upload(("05.txt", PAGE.encode()), ("bad.jsonl", b"no json")).get_json()
    newsroom.ended(job["id"])
    assert "bad.jsonl" in page(log_in(newsroom), f"/admin/builds/{job['id']}")


def built(newsroom: Newsroom, text: str = PAGE) -> str:
    """Build a page; the id of its first article."""
    job = newsroom.upload(("05.txt", text.encode()), paper="晚报", date="2026-10-20").get_json()
    newsroom.ended(job["id"])
    listed = newsroom.client.get("/api/articles").get_json()["articles"]
    return str(listed[0]["article_id"])


def test_snapshot_is_rolled_back(newsroom: Newsroom) -> None:
    built(newsroom)
    newsroom.ended(newsroom.upload(("06.txt", PAGE.replace("渡口", "码头").encode())).get_json()["id"])
    client = log_in(newsroom)
    assert current_number(newsroom.data) == 2
    assert "退回到快照 1" in page(client, "/admin")

    assert client.post("/admin/snapshots/roll-back", data={"snapshot": "1"}).status_code == 303
    assert current_number(newsroom.data) == 1
    assert client.post("/admin/snapshots/roll-back", data={"snapshot": "99"}).status_code == 404
    assert client.post("/admin/snapshots/roll-back", data={"snapshot": "../1"}).status_code == 400


def test_boundary_is_corrected_and_the_page_built_again(newsroom: Newsroom) -> None:
    first = built(newsroom)
    client = log_in(newsroom)
    assert newsroom.client.get("/api/articles").get_json()["total"] == 2
    shown = page(client, f"/admin/doubts/{first}")
    assert "老巷换路灯" in shown

    said = {"line": "6", "text": "老巷换路灯", "way": "join", "role": "subhead"}
    corrected = client.post(f"/admin/doubts/{first}", data=said)
    assert corrected.status_code == 303
    assert newsroom.ended(corrected.location.rpartition("/")[2])["state"] == "done"
    assert newsroom.client.get("/api/articles").get_json()["total"] == 1
    [marks] = newsroom.data.rglob("*.marks.toml")
    assert "join = true" in marks.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "said",
    [
        {"line": "x", "text": "老巷", "way": "join"},
        {"line": "6", "text": "", "way": "join"},
        {"line": "6", "text": "老巷", "way": "sideways"},
        {"line": "6", "text": "老巷", "role": "boss"},
        {"line": "6", "text": "老巷"},
        {"line": "0", "text": "老巷", "way": "join"},
    ],
)
def test_correction_that_says_nothing_is_refused(newsroom: Newsroom, said: dict[str, str]) -> None:
    first = built(newsroom)
    response = log_in(newsroom).post(f"/admin/doubts/{first}", data=said)
    assert response.status_code in (400, 422)
    assert list(newsroom.data.rglob("*.marks.toml")) == []


def test_hostile_line_is_kept_as_words(newsroom: Newsroom) -> None:
    first = built(newsroom)
    text = '老巷"\n[[mark]]\ntext="x"\nbreak=true #'
    log_in(newsroom).post(f"/admin/doubts/{first}", data={"line": "6", "text": text, "way": "join"})
    [marks] = newsroom.data.rglob("*.marks.toml")
    assert marks.read_text(encoding="utf-8").count("[[mark]]\n") == 1


def test_feedback_and_gaps_are_listed_and_exported_harmlessly(newsroom: Newsroom) -> None:
    built(newsroom)
    question = {"question": HOSTILE, "filters": {"page": "77"}}
    asked = newsroom.client.post("/api/answer", json=question).get_json()
    assert not asked["answered"]
    said = {"answer_id": asked["id"], "rating": -1, "reason": "missing", "comment": "=1+1"}
    assert newsroom.client.post("/api/feedback", json=said).status_code == 204
    client = log_in(newsroom)

    for path in ("/admin/gaps", "/admin/feedback"):
        shown = page(client, path)
        assert "&lt;script&gt;alert(1)" in shown
        assert "<script>alert" not in shown
    for path, name in (("/admin/gaps.csv", "gaps.csv"), ("/admin/feedback.csv", "feedback.csv")):
        response = client.get(path)
        assert response.mimetype == "text/csv"
        assert name in response.headers["Content-Disposition"]
        text = response.get_data().decode("utf-8-sig")
        [head, row] = list(csv.reader(io.StringIO(text)))
        assert len(head) == len(row)
        assert f"'{HOSTILE}" in row
        assert not any(cell.startswith(("=", "+", "@")) for cell in row)


def test_csv_of_every_kind_of_formula_is_text(app: Flask) -> None:
    from web.csv_files import csv_response

    cells = ["=1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "＝1", "ok", 'a"b', "a\nb"]
    with app.test_request_context():
        text = csv_response("x.csv", ["head"], [[cell] for cell in cells]).get_data().decode("utf-8-sig")
    read = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]
    assert read[:8] == [f"'{cell}" for cell in cells[:8]]
    assert read[8:] == cells[8:]


def test_administration_is_off_without_its_key(client: FlaskClient) -> None:
    for path in ("/admin", "/admin/gaps.csv", "/api/builds"):
        assert client.get(path).status_code == 404
    assert client.post("/api/builds", json={}).get_json()["code"] == "admin_off"


def test_reader_key_does_not_administrate(newsroom: Newsroom) -> None:
    reader_token, reader = new_key("desk", Scope.READ)
    newsroom.app.extensions["wenbao.keys"] += (reader,)
    client = newsroom.app.test_client()
    response = client.get("/api/builds", headers={"Authorization": f"Bearer {reader_token}"})
    assert response.status_code == 403
