"""The note that a running server leaves in its data folder, so that the command line finds it.

    DATA/server.json    {"pid", "url", "started", "version", "instance", "settings"}

`instance` is drawn anew by every server and told by its `/readyz`: only the server that left the note
gives it back, whatever else may listen at its address later.
"""

from __future__ import annotations

import contextlib
import datetime
import importlib.metadata
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embeddings.records import content_hash

if TYPE_CHECKING:
    from embeddings.settings import Settings

NOTE = "server.json"

# Settings that change no answer. A setting that is not named here keeps two apart.
_WITHOUT_EFFECT = frozenset(
    """
    data cache batch_size passage_chars passage_chars_max max_file_bytes max_file_pages read_timeout_s
    keep_snapshots host port threads request_timeout_s queue queue_wait_s rate_limit api_keys public hostnames
    trusted_proxies cors_origins max_upload_bytes chat_days log_format log_questions slow_s otel_endpoint
    """.split()
)


@dataclass(frozen=True, slots=True)
class ServerNote:
    """A server: its process, its address, its start (ISO 8601, UTC), and what tells it from others."""

    pid: int
    url: str
    started: str
    version: str
    instance: str
    settings: str


def new_note(pid: int, url: str, instance: str, settings: Settings) -> ServerNote:
    """The note of a server that starts now; `pid` is the process that an operator would stop."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return ServerNote(pid, url, started, own_version(), instance, settings_digest(settings))


def own_version() -> str:
    """The version of Wenbao that runs."""
    return importlib.metadata.version("wenbao")


def settings_digest(settings: Settings) -> str:
    """Changes whenever the same question could get another answer from the same index."""
    fields = settings.model_dump(mode="json", exclude=set(_WITHOUT_EFFECT))
    # A relative folder means another one to a process that works elsewhere.
    if os.path.isdir(settings.model):  # noqa: PTH112 - unlike `Path.is_dir`, never raises: a name may be any string
        fields["model"] = str(Path(settings.model).resolve())
    return content_hash(json.dumps(fields, sort_keys=True))


def write_note(data: Path, note: ServerNote) -> None:
    """Leave the note, whole or not at all.

    Raises:
        OSError: the folder cannot be written.
    """
    data.mkdir(parents=True, exist_ok=True)
    fresh = data / f"{NOTE}.{note.pid}"
    fresh.write_text(json.dumps(asdict(note)) + "\n", encoding="utf-8")
    fresh.replace(data / NOTE)


def read_note(data: Path) -> ServerNote | None:
    """The note in a data folder; `None` where there is none, or none that we understand."""
    try:
        note = ServerNote(**json.loads((data / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    texts = (note.url, note.started, note.version, note.instance, note.settings)
    return note if type(note.pid) is int and all(isinstance(text, str) for text in texts) else None


def remove_note(data: Path, instance: str) -> None:
    """Take the note back, unless it is another server's by now."""
    note = read_note(data)
    if note and note.instance == instance:
        with contextlib.suppress(OSError):
            (data / NOTE).unlink()
