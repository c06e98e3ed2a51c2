"""The application over the fake service, and a client for it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.settings import Settings
from tests.web.fakes import FakeService, missing_index
from web import create_app


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def app(service: FakeService) -> Flask:
    return create_app(service, Settings())


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def empty_client() -> FlaskClient:
    """A client of an application with nothing indexed."""
    return create_app(FakeService(failure=missing_index()), Settings()).test_client()
