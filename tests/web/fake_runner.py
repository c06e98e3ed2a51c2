"""The runner of `qa.jobs` over a stand-in for the model, with the real layouts."""

from __future__ import annotations

import sys
from pathlib import Path

from embeddings.settings import load_settings
from qa.job_runner import run
from tests.fakes import FakeEncoder

if __name__ == "__main__":
    job_id, data = sys.argv[1:]
    sys.exit(run(job_id, load_settings(data=Path(data)), lambda _settings: FakeEncoder()))
