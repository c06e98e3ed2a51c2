"""The API's description: OpenAPI 3.1, made of the views' own models by flask-openapi3.

Bodies are read here once more strictly than the library does: JSON in UTF-8, an object, no `NaN`, no depth
that would exhaust the stack; what is wrong is told as a problem document.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NoReturn

from flask import Flask, Response, current_app, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.info import Info
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from flask_openapi3.types import ResponseDict
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from embeddings.errors import CallerError
from qa.server_note import own_version
from web.bodies import ProblemBody
from web.schemas import refusal

DESCRIPTION = """Questions to newspapers, answered with verbatim, cited quotes.

Bodies are JSON in UTF-8; unknown fields are refused. Offsets count Unicode code points. Errors are problem
documents (RFC 9457) with a `code` for programs, a `hint` for people and the request's id."""

ASKING = Tag(name="asking", description="Questions and searches")
ARCHIVE = Tag(name="archive", description="Articles and issues")
CONVERSATIONS = Tag(name="conversations", description="What was asked before")
COMPATIBLE = Tag(name="openai", description="For clients of the OpenAI API")
OPERATING = Tag(name="operating", description="Builds, health and metrics")

_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}
_WHAT = {
    400: "The request cannot be used",
    401: "A key is needed",
    403: "The key does not allow it",
    404: "There is no such thing, or the administration is off",
    409: "Something else is going on",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "The content cannot be indexed",
    429: "Too many requests; `Retry-After` says when",
    500: "The service failed",
    502: "The language model failed",
    503: "Nothing serves, or too many ask; `Retry-After` says when",
}
BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})


def described_app(import_name: str) -> OpenAPI:
    """A Flask application that describes what its API blueprints take and give."""
    return OpenAPI(
        import_name,
        info=Info(title="Wenbao", version=own_version(), description=DESCRIPTION),
        doc_ui=False,
        validation_error_status=400,
        validation_error_model=ProblemBody,
        validation_error_callback=_refuse,
        security_schemes={"key": {"type": "http", "scheme": "bearer"}},
    )


def api_blueprint(name: str, prefix: str, tag: Tag) -> APIBlueprint:
    """A blueprint of the API whose bodies are checked before they are read."""
    blueprint = APIBlueprint(name, "web", url_prefix=prefix, abp_tags=[tag], operation_id_callback=_operation)
    blueprint.before_request(check_body)
    return blueprint


def gives(document: type[BaseModel] | None, *statuses: int) -> ResponseDict:
    """What an operation answers with: a document, or nothing; else a problem with one of the statuses."""
    problems: ResponseDict = {
        str(status): {"description": _WHAT[status], "content": _PROBLEM}
        for status in sorted({*statuses, 400, 401, 403, 429, 500, 503})
    }
    return {"200" if document else "204": document, **problems}


def check_body() -> None:
    """Refuse a body that is no JSON object before anything is made of it.

    Raises:
        UnsupportedMediaType: it is not declared as JSON.
        CallerError: it is not JSON in UTF-8 (code `bad_json`), or no object.
    """
    if request.method not in BODY_METHODS or request.mimetype == "multipart/form-data":
        return
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        given = current_app.json.loads(request.get_data())
    except ValueError as error:
        raise CallerError(
            f"请求体不是合法的 JSON（{error}）。", hint="请发送 UTF-8 编码的 JSON 对象。", code="bad_json"
        ) from None
    if not isinstance(given, dict):
        raise CallerError("请求体 应为 JSON 对象。", hint="请对照接口说明检查请求体。")


def nothing() -> Response:
    """What is done and has nothing to say."""
    return Response(status=HTTPStatus.NO_CONTENT)


def description(app: Flask) -> dict[str, Any]:
    """The OpenAPI document of an application."""
    assert isinstance(app, OpenAPI)
    return app.api_doc


def _refuse(error: ValidationError) -> NoReturn:
    raise refusal(error) from None


def _operation(*, name: str, **_where: str) -> str:
    """An operation is called as its view."""
    return name
