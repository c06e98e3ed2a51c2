"""Run `wenbao serve` with stand-ins for the two models: `python -m tests.qa.served PORT`."""

from __future__ import annotations

import sys
from unittest import mock

from qa import cli
from qa.cli import serving
from tests.fake_spans import FakeSpans
from tests.fakes import FakeEncoder

if __name__ == "__main__":
    with (
        mock.patch.object(serving, "find_encoder", return_value=FakeEncoder()),
        mock.patch.object(serving, "SpanReader", return_value=FakeSpans()),
    ):
        cli.main(["serve", "--port", sys.argv[1]])
