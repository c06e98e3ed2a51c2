"""Compiling in a process of its own, and a note of why where something cannot be compiled.

Torch and the quantiser take a gigabyte, print and warn: none of that belongs into the process that serves.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from embeddings.engines.compiled import Mark, is_whole
from embeddings.engines.graphs import Precision
from embeddings.engines.making import made_once
from embeddings.errors import ModelUnavailable

TIMEOUT_S = 900

_ROOT = Path(__file__).parents[2]


class Refused(Exception):
    """A model cannot be compiled so; its text is the reason."""


def run_apart(module: str, model: Path, precision: Precision, folder: Path) -> None:
    """Run `python -m MODULE MODEL PRECISION FOLDER` to make `folder`, unless it is whole already.

    Raises:
        OSError: it could not be made, for a reason that may pass: disk, memory, a missing library.
    """
    if is_whole(folder):
        return
    path = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    environment = {**os.environ, "PYTHONPATH": path, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    try:
        ended = subprocess.run(  # noqa: S603 - a module of ours, no shell
            [sys.executable, "-m", module, str(model), precision, str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise OSError("compiling the model took too long") from None
    if ended.returncode != 0 or not is_whole(folder):
        raise OSError(ended.stderr[-2000:] or f"compiling the model ended with {ended.returncode}")


def make_here(write: Callable[[Path], None], precision: Precision, folder: Path) -> None:
    """Make `folder` by `write`, unless it is whole already; one that cannot be made says why in its mark."""

    def written_or_refused(made: Path) -> None:
        try:
            write(made)
        except (ImportError, OSError, MemoryError, ModelUnavailable):
            raise  # these may pass
        # Converters raise whatever their parts do over a network that they do not know.
        except Exception as error:  # noqa: BLE001
            for path in made.iterdir():
                path.unlink()
            reason = str(error) if isinstance(error, Refused) else type(error).__name__
            Mark(precision, refused=reason).write(made)

    made_once(folder, written_or_refused, is_whole)
