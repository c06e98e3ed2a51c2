"""What every test gets: an environment of its own, folders of its own, and the real model when it asks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings

from embeddings.build import build
from embeddings.encoder import ModelEncoder, find_encoder
from embeddings.settings import PREFIX, Settings
from embeddings.tokens import Tokenizer
from qa.cli.serving import make_app
from tests.fakes import FakeEncoder

# Times differ too much between machines, and between a busy and an idle one, to fail a test over them.
hypothesis_settings.register_profile("wenbao", deadline=None, derandomize=True, max_examples=60)
hypothesis_settings.load_profile("wenbao")


def _model_cache() -> Path:
    """Folder that keeps the built-in model between runs; read before a test clears the environment."""
    given = os.environ.get(f"{PREFIX}CACHE")
    return Path(given) if given else Settings.model_construct().cache


MODEL_CACHE = _model_cache()
SEEDS = Path(__file__).parents[1] / "seeds"


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting leaks in from the shell."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Tokenizer:
    """One tokenizer for all tests: it holds no state but the dictionary."""
    tokenizer = Tokenizer(tmp_path_factory.mktemp("cache") / "jieba")
    tokenizer.words("预先备好词典")
    return tokenizer


@pytest.fixture(scope="session")
def jieba_cache(tokenizer: Tokenizer) -> Path:
    """A cache folder with jieba's prepared dictionary in it: making it takes seconds."""
    return tokenizer._folder.parent


@pytest.fixture
def settings(
    tmp_path: Path, jieba_cache: Path, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings whose data folder is the test's own; the dictionary is not loaded for every build."""
    monkeypatch.setattr(Tokenizer, "_loaded", tokenizer._loaded)
    return Settings(data=tmp_path / "data", cache=jieba_cache)


@pytest.fixture
def encoder() -> FakeEncoder:
    return FakeEncoder()


@pytest.fixture(scope="session")
def model_cache() -> Path:
    """Where the built-in model is kept between runs."""
    return MODEL_CACHE


@pytest.fixture(scope="session")
def built_in_encoder(model_cache: Path) -> ModelEncoder:
    """The real built-in model; tests that use it are marked `model`."""
    return find_encoder(Settings(cache=model_cache))


@pytest.fixture(scope="session")
def built_seeds(model_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings whose data folder holds an index of seeds/, made with the real model."""
    settings = Settings(cache=model_cache, data=tmp_path_factory.mktemp("data"))
    report = build([SEEDS], settings, find_encoder(settings))
    assert (report.snapshot, report.refused) == (1, ())
    return settings


@pytest.fixture(scope="session")
def real_app(built_seeds: Settings) -> Flask:
    """The application over seeds/ as `wenbao serve` makes it."""
    return make_app(built_seeds)
