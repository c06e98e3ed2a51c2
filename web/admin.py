"""The administrator's pages: uploads and builds, snapshots, doubtful boundaries, feedback and gaps.

There is none of this without a key that has the scope `admin` (`web.access`).
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from embeddings.errors import CallerError, WenbaoError
from embeddings.layout.marks import EDITORS_ROLES
from qa.feedback import Opinion
from qa.jobs import FINISHED, State
from web.cards import article_href, report
from web.context import archive, chats, service
from web.csv_files import csv_response
from web.errors import problem_of
from web.uploads import jobs, new_job
from web.words import build_stage, build_state, feedback_reasons, refusal_heading

JOBS_SHOWN = 20
LISTED = 200

admin = Blueprint("admin", __name__, url_prefix="/admin")


@admin.get("")
def overview() -> str:
    """Show builds and snapshots, and take uploads."""
    return _overview()


@admin.post("/upload")
def upload() -> ResponseReturnValue:
    """Take the pages of a form and plan their build."""
    files = [file for file in request.files.getlist("files") if file.filename]
    try:
        if not files:
            raise CallerError("没有选择文件。", hint="请选择版面文件或一期的 zip。", code="bad_upload")
        job, _ = new_job(files, request.form, plan_first=True)
    except WenbaoError as error:
        problem = problem_of(error)
        return _overview(problem=problem), problem.status
    return _seen(url_for("admin.build", build_id=job.id))


@admin.get("/builds/<build_id>")
def build(build_id: str) -> str:
    """Show one build: its plan, how far it is, what it refused."""
    job = jobs().store.of(build_id)
    return render_template(
        "admin_build.html", job=job, **_of_job(job.to_json()), finished=job.state in FINISHED
    )


@admin.get("/builds/<build_id>/progress")
def progress(build_id: str) -> str:
    """How far a build is, as a part of its page."""
    job = jobs().store.of(build_id)
    return render_template("_build_state.html", job=job, **_of_job(job.to_json()))


@admin.post("/builds/<build_id>/start")
def confirm(build_id: str) -> Response:
    """Start a build that was planned."""
    jobs().confirm(build_id)
    return _seen(url_for("admin.build", build_id=build_id))


@admin.post("/builds/<build_id>/cancel")
def cancel(build_id: str) -> Response:
    """Give up a build that was planned."""
    jobs().cancel(build_id)
    return _seen(url_for("admin.overview"))


@admin.post("/snapshots/roll-back")
def roll_back() -> Response:
    """Let another snapshot serve."""
    number = request.form.get("snapshot", "")
    if not number.isdecimal() or len(number) > 9:
        raise CallerError("请选择一个快照。", hint="请从列表里选择。", code="bad_request")
    archive().roll_back(int(number))
    return _seen(url_for("admin.overview"))


@admin.get("/doubts")
def doubts() -> str:
    """List articles whose beginning was found with doubt."""
    found = [(report(one), f"{one.confidence:.0%}", one.id) for one in archive().doubtful()]
    return render_template("admin_doubts.html", found=found)


@admin.get("/doubts/<path:article_id>")
def page_doubts(article_id: str) -> str:
    """Show the page of an article line by line, with what is doubtful, to be corrected."""
    found = service().article(article_id)
    return render_template(
        "admin_page.html",
        article=found,
        href=article_href(found.id),
        pages=archive().pages_of(found),
        roles=list(EDITORS_ROLES),
    )


@admin.post("/doubts/<path:article_id>")
def correct(article_id: str) -> Response:
    """Keep what is said of a line, and build its page again."""
    form = request.form
    line = form.get("line", "")
    if not line.isdecimal() or len(line) > 7:
        raise CallerError("行号不对。", hint="请从页面上更正。", code="bad_correction")
    found = service().article(article_id)
    path = archive().correct(
        found, int(line), form.get("text", ""), form.get("way", ""), form.get("role", "")
    )
    job = jobs().add([path], plan_first=False)
    return _seen(url_for("admin.build", build_id=job.id))


@admin.get("/feedback")
def feedback() -> str:
    """List what readers said of answers."""
    return render_template(
        "admin_feedback.html", opinions=chats().feedback.all(limit=LISTED), reasons=feedback_reasons()
    )


@admin.get("/feedback.csv")
def feedback_csv() -> Response:
    """Give the same list to a spreadsheet."""
    head = ("given_at", "rating", "reason", "comment", "question", "answer", "answer_id")
    return csv_response("feedback.csv", head, map(_opinion_row, chats().feedback.all()))


@admin.get("/gaps")
def gaps() -> str:
    """List the questions that nothing was found for: what the archive lacks."""
    kept = chats().conversations.unanswered(limit=LISTED)
    found = [(one, refusal_heading((one.answer or {}).get("reason") or "")) for one in kept]
    return render_template("admin_gaps.html", found=found)


@admin.get("/gaps.csv")
def gaps_csv() -> Response:
    """Give the same list to a spreadsheet."""
    kept = chats().conversations.unanswered()
    rows = [(one.asked_at, one.question, (one.answer or {}).get("reason") or "") for one in kept]
    return csv_response("gaps.csv", ("asked_at", "question", "reason"), rows)


def _overview(problem: object = None) -> str:
    shown = [(job, build_state(job.state)) for job in jobs().store.all()[:JOBS_SHOWN]]
    return render_template(
        "admin.html",
        jobs=shown,
        snapshots=archive().snapshots(),
        papers=_papers(),
        problem=problem,
    )


def _papers() -> list[str]:
    try:
        return service().papers()
    except WenbaoError:
        return []


def _of_job(job: dict[str, object]) -> dict[str, object]:
    state = State(str(job["state"]))
    given = job["progress"]
    assert isinstance(given, dict)
    share = given["done"] / given["total"] if given["total"] else 0.0
    return {"state": build_state(state), "stage": build_stage(given["stage"]), "share": share}


def _opinion_row(one: Opinion) -> tuple[object, ...]:
    answer_id = (one.turn.answer or {}).get("id", "")
    return (one.given_at, one.rating, one.reason, one.comment, one.turn.question, one.turn.text, answer_id)


def _seen(place: str) -> Response:
    response = redirect(place, HTTPStatus.SEE_OTHER)
    assert isinstance(response, Response)
    return response
