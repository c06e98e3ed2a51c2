"""The API's description: for programs at `/openapi.json`, for people at `/docs`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, render_template, request

from web.markdown import prose
from web.openapi import description

METHODS = ("get", "post", "patch", "delete")
SHOWN_DEPTH = 4

docs = Blueprint("docs", __name__)


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a schema: its name, how deep it stands, what it may be, and what it means."""

    name: str
    depth: int
    kind: str
    required: bool
    meaning: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that the API does, ready to be shown."""

    anchor: str
    method: str
    path: str
    summary: str
    details: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    statuses: tuple[tuple[str, str], ...]
    curl: str


@docs.get("/openapi.json")
def openapi() -> Response:
    """Give the OpenAPI document."""
    return jsonify(description(current_app))


@docs.get("/docs")
def page() -> str:
    """Show the same document to people."""
    document = description(current_app)
    groups = [(tag, _operations(document, tag["name"])) for tag in document["tags"]]
    return render_template("docs.html", info=document["info"], groups=groups, prose=prose)


def _operations(document: dict[str, Any], tag: str) -> list[Operation]:
    return [
        _operation(document, path, method, operation)
        for path, item in document["paths"].items()
        for method in METHODS
        if (operation := item.get(method)) and tag in operation["tags"]
    ]


def _operation(document: dict[str, Any], path: str, method: str, given: dict[str, Any]) -> Operation:
    responses = given["responses"]
    done: dict[str, Any] = next((responses[status] for status in responses if status.startswith("2")), {})
    return Operation(
        anchor=given["operationId"],
        method=method.upper(),
        path=path,
        summary=given.get("summary", ""),
        details=given.get("description", ""),
        parameters=tuple(_parameter(document, one) for one in given.get("parameters", ())),
        body=_fields(document, _schema(given.get("requestBody", {}))),
        answer=_fields(document, _schema(done)),
        statuses=tuple((status, response["description"]) for status, response in sorted(responses.items())),
        curl=_curl(path, method, given),
    )


def _schema(holder: dict[str, Any]) -> dict[str, Any]:
    content = holder.get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    return dict(schema)


def _parameter(document: dict[str, Any], given: dict[str, Any]) -> Field:
    schema = given.get("schema", {})
    meaning = f"{given['in']}. {given.get('description', '')}".strip()
    return Field(given["name"], 0, _kind(document, schema), bool(given.get("required")), meaning)


def _fields(document: dict[str, Any], schema: dict[str, Any], depth: int = 0) -> tuple[Field, ...]:
    """The fields of an object, each followed by those of the objects that it holds."""
    found = _resolved(document, schema)
    needed = set(found.get("required", ()))
    lines: list[Field] = []
    for name, of_field in found.get("properties", {}).items():
        meaning = of_field.get("description", "") or _resolved(document, _inner(of_field)).get(
            "description", ""
        )
        lines.append(
            Field(name, depth, _kind(document, of_field), name in needed, meaning.strip().split("\n")[0])
        )
        if depth < SHOWN_DEPTH:
            lines += _fields(document, _inner(of_field), depth + 1)
    return tuple(lines)


def _inner(schema: dict[str, Any]) -> dict[str, Any]:
    """What is inside of a list or of something that may be null."""
    if "items" in schema:
        return _inner(schema["items"])
    several = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return _inner(several[0]) if several else schema


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref")
    if not reference:
        return schema
    found: dict[str, Any] = document["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def _kind(document: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(document, one) for one in schema["anyOf"]))
    if "$ref" in schema:
        return _kind(document, _resolved(document, schema))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"[{_kind(document, schema.get('items', {}))}]"
    return str(schema.get("format") or schema.get("type") or "any")


def _curl(path: str, method: str, given: dict[str, Any]) -> str:
    """A command that works on this very server, where the description has an example."""
    content = given.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = content.get("example")
    if method == "get" and "{" not in path:
        return f"curl '{request.host_url.rstrip('/')}{path}'"
    if example is None:
        return ""
    body = json.dumps(example, ensure_ascii=False)
    verb = "" if method == "post" else f" -X {method.upper()}"
    return (
        f"curl{verb} '{request.host_url.rstrip('/')}{path}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n  -d '{body}'"
    )
