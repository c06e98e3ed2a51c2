"""The JSON interface to builds, for administrators: upload pages, plan or start a build, watch it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Literal

from flask import Response, jsonify, request
from pydantic import BaseModel, Field

from web.openapi import OPERATING, api_blueprint, gives
from web.uploads import jobs, new_job

builds_api = api_blueprint("builds_api", "/api/builds", OPERATING)
_SECURED = [{"key": []}]  # type: ignore[var-annotated]

UPLOADING = """A multipart form with `files`, and optionally `paper`, `date` (`YYYY-MM-DD`) and `mode`: `plan`
to see what it would do first, `build` (the default). Without files, as JSON `{}`, the uploaded papers are
built again. A repeated `Idempotency-Key` gives the build that it began."""
_FORM = {
    "type": "object",
    "properties": {
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "paper": {"type": "string"},
        "date": {"type": "string", "format": "date"},
        "mode": {"enum": ["plan", "build"]},
    },
}
_UPLOAD = {
    "multipart/form-data": {"schema": _FORM},
    "application/json": {"schema": {"type": "object"}},
}


class BuildPath(BaseModel):
    """The id of a build."""

    build_id: str


class ProgressBody(BaseModel):
    """How far the running stage is."""

    stage: str
    done: int
    total: int
    seconds_left: float | None


class BuildDocument(BaseModel):
    """A build: what it would do (`plan`), how far it is, and what it did (`report`)."""

    id: str
    state: Literal["planning", "planned", "queued", "building", "done", "failed", "cancelled"]
    created: str
    started: str | None
    finished: str | None
    by: Annotated[str | None, Field(description="the name of the key that asked for it")]
    files: list[str]
    progress: ProgressBody
    plan: dict[str, Any] | None
    report: dict[str, Any] | None
    error: str | None


class BuildsDocument(BaseModel):
    """Builds, newest first."""

    builds: list[BuildDocument]


@builds_api.post(
    "",
    responses={**gives(BuildDocument, 404, 409, 413, 415, 422), "202": BuildDocument},
    security=_SECURED,
    description=UPLOADING,
    openapi_extensions={"requestBody": {"content": _UPLOAD}},
)
def start() -> Response:
    """Upload pages and build them."""
    job, fresh = new_job(
        request.files.getlist("files"),
        request.form,
        plan_first=request.form.get("mode") == "plan",
        key=request.headers.get("Idempotency-Key", ""),
    )
    response = jsonify(job.to_json())
    response.status_code = HTTPStatus.ACCEPTED if fresh else HTTPStatus.OK
    response.headers["Location"] = f"/api/builds/{job.id}"
    return response


@builds_api.get("", responses=gives(BuildsDocument, 404), security=_SECURED)
def builds() -> Response:
    """List builds, newest first."""
    return jsonify({"builds": [job.to_json() for job in jobs().store.all()]})


@builds_api.get("/<build_id>", responses=gives(BuildDocument, 404), security=_SECURED)
def build(path: BuildPath) -> Response:
    """Tell how far a build is."""
    return jsonify(jobs().store.of(path.build_id).to_json())


@builds_api.post("/<build_id>/start", responses=gives(BuildDocument, 404, 415), security=_SECURED)
def confirm(path: BuildPath) -> Response:
    """Start a build that was planned first."""
    return jsonify(jobs().confirm(path.build_id).to_json())


@builds_api.delete("/<build_id>", responses=gives(BuildDocument, 404), security=_SECURED)
def cancel(path: BuildPath) -> Response:
    """Give up a build that was planned: its files go, and what they replaced comes back."""
    return jsonify(jobs().cancel(path.build_id).to_json())
