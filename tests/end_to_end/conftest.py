"""The real thing: the built-in model, the shipped reader and an index of seeds/, made once a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from embeddings.build import build
from embeddings.encoder import find_encoder
from embeddings.settings import Settings, load_settings
from qa.cli.serving import make_app

SEEDS = Path(__file__).parents[2] / "seeds"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose data folder holds an index of seeds/."""
    settings = load_settings(data=tmp_path_factory.mktemp("data"))
    report = build([SEEDS], settings, find_encoder(settings))
    assert report.snapshot == 1
    assert report.refused == ()
    return settings


@pytest.fixture(scope="session")
def real_app(built: Settings) -> Flask:
    """The application as `wenbao serve` makes it."""
    return make_app(built)
