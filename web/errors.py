"""Errors as clients see them. The only place that knows HTTP statuses.

Programs get RFC 9457 problem documents, readers get a page; both carry the request's id, and
neither ever carries a traceback, a path or the text of an exception that is not ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from flask import (
    Flask,
    Response,
    current_app,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.exceptions import HTTPException

from embeddings import errors as tree
from web.language import said
from web.security import request_id

MEDIA_TYPE = "application/problem+json"
# Paths whose clients are programs; everything else is a page.
MACHINE_PATHS = ("/api", "/v1", "/healthz", "/readyz", "/openapi.json", "/metrics")
OPENAI_PATH = "/v1"


@dataclass(frozen=True, slots=True)
class Kind:
    """What every error of one class has in common."""

    status: int
    title: str


KINDS: Mapping[type[tree.WenbaoError], Kind] = MappingProxyType(
    {
        tree.WenbaoError: Kind(500, "服务出错"),
        tree.CallerError: Kind(400, "请求有误"),
        # A wrong setting is the operator's to mend; over HTTP it is never the caller's fault.
        tree.SettingsError: Kind(500, "服务设置有误"),
        tree.KeyNeeded: Kind(401, "需要密钥"),
        tree.AccessDenied: Kind(403, "没有权限"),
        tree.Overloaded: Kind(503, "服务正忙"),
        tree.QuestionError: Kind(400, "问题不能使用"),
        tree.NotFoundError: Kind(404, "没有找到"),
        tree.InputRefused: Kind(422, "内容不能收录"),
        tree.GeneratorUnavailable: Kind(400, "没有配置语言模型"),
        tree.ServiceError: Kind(500, "服务出错"),
        tree.GenerationFailed: Kind(502, "语言模型没有给出回答"),
        tree.ModelUnavailable: Kind(503, "模型不可用"),
        tree.IndexMissing: Kind(503, "还没有索引"),
        tree.IndexMismatch: Kind(503, "索引与模型不符"),
        tree.IndexDamaged: Kind(503, "索引已损坏"),
        tree.IndexBusy: Kind(409, "索引正在建立"),
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem document. `code` is for programs; `title`, `detail` and `hint` are for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str
    request_id: str

    def to_json(self) -> dict[str, Any]:
        """The problem as RFC 9457 writes it, with our members beside the standard ones."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class HTTPKind:
    """A problem that the framework finds before any of our code runs."""

    code: str
    title: str
    detail: str
    hint: str = ""


HTTP_KINDS: Mapping[int, HTTPKind] = MappingProxyType(
    {
        400: HTTPKind("bad_request", "请求有误", "请求不完整，或格式不对。"),
        404: HTTPKind("not_found", "没有找到", "这个地址没有内容。", "请检查地址，或从首页重新开始。"),
        403: HTTPKind("forbidden", "没有权限", "这个请求不被允许。"),
        429: HTTPKind("too_many", "请求太多", "请求太多，超过了限额。", "请稍等片刻再试。"),
        405: HTTPKind("method_not_allowed", "方法不对", "这个地址不接受该请求方法。"),
        413: HTTPKind("too_large", "请求太大", "请求体超过了允许的大小。", "请缩短内容后再发。"),
        415: HTTPKind(
            "unsupported_media_type",
            "内容类型不对",
            "请求体应为 JSON。",
            "请把 Content-Type 设为 application/json。",
        ),
    }
)
UNEXPECTED = HTTPKind(
    "internal", "服务出错", "服务内部出了差错，已经记录。", "请稍后再试；若仍不行，请把请求编号告诉管理员。"
)


def register(app: Flask) -> None:
    """Answer every error of `app` in one of the two shapes."""
    app.register_error_handler(tree.WenbaoError, _show_ours)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(Exception, _show_unexpected)


def kind_of(error: tree.WenbaoError) -> Kind:
    """Return the nearest mapped class's kind, so that even an unmapped subclass has a status."""
    return next(KINDS[cls] for cls in type(error).__mro__ if cls in KINDS)


def problem_of(error: tree.WenbaoError) -> Problem:
    """Describe one of our errors; its message and hint are safe to show by their contract."""
    kind = kind_of(error)
    return _problem(kind.status, error.code, kind.title, error.message, error.hint)


def openai_error(problem: Problem) -> dict[str, Any]:
    """The problem as a client of the OpenAI API reads it."""
    kind = "invalid_request_error" if problem.status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    message = " ".join(part for part in (problem.detail, problem.hint) if part)
    return {"message": message, "type": kind, "param": None, "code": problem.code}


def problem_response(problem: Problem) -> Response:
    """Return the problem as JSON, with an `error` beside it where clients of the OpenAI API look for one."""
    compatible = {"error": openai_error(problem)} if request.path.startswith(f"{OPENAI_PATH}/") else {}
    response = jsonify({**problem.to_json(), **compatible})
    response.status_code = problem.status
    response.mimetype = MEDIA_TYPE
    return response


def _problem(status: int, code: str, title: str, detail: str, hint: str) -> Problem:
    told = (said(title), status, said(detail), code, said(hint), request_id())
    return Problem(f"urn:wenbao:problem:{code}", *told)


def _http_problem(status: int, kind: HTTPKind) -> Problem:
    return _problem(status, kind.code, kind.title, kind.detail, kind.hint)


def _show_ours(error: tree.WenbaoError) -> Response:
    response = _shown(_noted_ours(error))
    if isinstance(error, tree.Overloaded):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, tree.KeyNeeded):
        response.headers["WWW-Authenticate"] = 'Bearer realm="wenbao"'
    return response


def _noted_ours(error: tree.WenbaoError) -> Problem:
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        current_app.logger.warning("request %s: %s (%s)", problem.request_id, error.code, error)
    return problem


def _show_http(error: HTTPException) -> Response:
    status = error.code or 500
    response = _shown(_http_problem(status, HTTP_KINDS.get(status) or _unlisted(status)))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _show_unexpected(error: Exception) -> Response:
    return _shown(_noted(error))


def noted_problem(error: Exception) -> Problem:
    """Describe any error that is not shown as a response of its own, and log it as if it were."""
    return _noted_ours(error) if isinstance(error, tree.WenbaoError) else _noted(error)


def _noted(error: Exception) -> Problem:
    current_app.logger.error("request %s failed", request_id(), exc_info=error)
    return _http_problem(500, UNEXPECTED)


def _unlisted(status: int) -> HTTPKind:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UNEXPECTED
    return HTTPKind(f"http_{status}", "请求有误", "这个请求不能处理。")


def _shown(problem: Problem) -> Response:
    if _for_program(request.path):
        return problem_response(problem)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        back = request.full_path if request.method == "GET" else "/"
        return make_response(redirect(url_for("login.page", back=back), HTTPStatus.SEE_OTHER))
    return make_response(render_template("error.html", problem=problem), problem.status)


def _for_program(path: str) -> bool:
    return any(path == machine or path.startswith(machine + "/") for machine in MACHINE_PATHS)
