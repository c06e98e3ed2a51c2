"""Uploads of pages by an administrator: read from a form, put in their place, and made a job."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any, cast

from flask import Flask, current_app, request
from werkzeug.datastructures import FileStorage

from embeddings.errors import CallerError, ServiceError
from qa.jobs import Job, Jobs, new_job_id
from qa.papers import PAPERS, Upload, place
from web.access import key_name
from web.context import settings

JOBS = "wenbao.jobs"
UPLOAD_ENDPOINTS = frozenset({"builds_api.start", "admin.upload"})
KEY_CHARS_MAX = 200
CHUNK_BYTES = 1 << 20


def take_uploads(app: Flask, jobs: Jobs) -> None:
    """Let administrators of `app` upload more than others may send."""
    app.extensions[JOBS] = jobs
    limit = app.extensions["wenbao.settings"].max_upload_bytes

    def allow() -> None:
        if request.endpoint in UPLOAD_ENDPOINTS:
            request.max_content_length = limit

    app.before_request(allow)


def jobs() -> Jobs:
    """The running application's jobs."""
    return cast("Jobs", current_app.extensions[JOBS])


def new_job(
    files: Sequence[FileStorage], fields: Mapping[str, str], *, plan_first: bool, key: str = ""
) -> tuple[Job, bool]:
    """A job for files of a form, or for the papers that are there; and whether it is new.

    Raises:
        CallerError, InputRefused: the files or the fields cannot be used.
        ServiceError: the disk is full, or cannot be written.
    """
    if len(key) > KEY_CHARS_MAX:
        raise CallerError("Idempotency-Key 太长。", hint="用一个 UUID。", code="bad_request")
    digest = _digest(files, fields) if key else ""
    present = jobs().same(key, digest) if key else None
    if present:
        return present, False
    job_id = new_job_id()
    data = settings().data.absolute()
    day = _day(fields.get("date", ""))
    backup = jobs().store.folder / job_id
    try:
        uploads = [Upload(file.filename or "", _saver(file)) for file in files]
        placed = place(data, backup, uploads, fields.get("paper", "").strip(), day) if uploads else []
        paths = [Path(one.path) for one in placed] or [data / PAPERS]
        job = jobs().add(
            paths,
            plan_first=plan_first,
            placed=placed,
            job_id=job_id,
            by=key_name(),
            key=key,
            digest=digest,
        )
    except OSError as error:
        raise ServiceError(
            f"上传的文件存不下来({error.strerror})。", hint="请检查磁盘空间和权限。", code="data_unwritable"
        ) from None
    finally:
        for file in files:
            file.close()
    return job, True


def _saver(file: FileStorage) -> Callable[[Path], None]:
    def save(path: Path) -> None:
        file.stream.seek(0)
        file.save(path, buffer_size=CHUNK_BYTES)

    return save


def _digest(files: Sequence[FileStorage], fields: Mapping[str, str]) -> str:
    """The hash of everything that was sent: the same request has the same."""
    digest = hashlib.sha256()
    for name, value in sorted(fields.items()):
        digest.update(f"{name}={value}\0".encode())
    for file in files:
        digest.update(f"{file.filename}\0".encode())
        _hash_stream(digest, file.stream)
    return digest.hexdigest()


def _hash_stream(digest: Any, stream: IO[bytes]) -> None:
    stream.seek(0)
    while chunk := stream.read(CHUNK_BYTES):
        digest.update(chunk)
    stream.seek(0)


def _day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise CallerError(
            "日期应为 YYYY-MM-DD 的形式，而且日历上要有这一天。", hint="请改正日期后再传。"
        ) from None
