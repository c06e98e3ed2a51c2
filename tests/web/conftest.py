"""The application over the fake service, and a client for it."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.web.fakes import FakeService, app_over, missing_index


@pytest.fixture
def service() -> FakeService:
    return FakeService()


@pytest.fixture
def app(service: FakeService) -> Flask:
    return app_over(service)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def empty_client() -> FlaskClient:
    """A client of an application with nothing indexed."""
    return app_over(FakeService(failure=missing_index())).test_client()
