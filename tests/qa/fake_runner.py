"""The runner of `qa.jobs` over a stand-in for the model: slow for the seconds that a file `slow` says."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.settings import Settings, load_settings
from qa.job_runner import run
from qa.jobs import JobStore
from tests.fakes import FakeEncoder


def main(job_id: str, data: str) -> int:
    settings = load_settings(data=Path(data))
    [folder] = JobStore(settings.data).of(job_id).paths

    def find(_settings: Settings) -> Encoder:
        slow = Path(folder) / "slow"
        time.sleep(float(slow.read_text()) if slow.exists() else 0)
        return FakeEncoder()

    return run(job_id, settings, find)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
