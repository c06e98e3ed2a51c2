"""What the disk may refuse, told as our own errors, and how a write is made to last."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from embeddings.errors import ServiceError


@contextlib.contextmanager
def disk_errors(doing: str, hint: str) -> Iterator[None]:
    """Turn what the disk refuses into an error of ours: `doing` was under way, `hint` says what to do.

    Raises:
        ServiceError: code `disk_error`.
    """
    try:
        yield
    except OSError as error:
        cause = error.strerror or type(error).__name__
        raise ServiceError(f"{doing}时出错({cause})。", hint=hint, code="disk_error") from None


def make_durable(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
