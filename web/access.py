"""Who may call what: a table of every route, checked before any of them runs.

Without keys, reading is open to clients on this machine, and to everybody where the settings say so. A key
is sent as `Authorization: Bearer …` by programs, and kept in a signed cookie for who logged in with it.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface

from embeddings.errors import AccessDenied, CallerError, KeyNeeded, NotFoundError, ServiceError
from embeddings.settings import Settings
from qa.keys import Key, Scope, find_key, parse_keys

KEYS = "wenbao.keys"
SECRET = "session.secret"  # noqa: S105 - a file's name
SESSION_KEY = "key"
SESSION_S = 12 * 3600
LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain"})


class Caller(Enum):
    """Who may call a route."""

    ANYBODY = "anybody"
    READER = "reader"
    ADMIN = "admin"


_ANYBODY = "static health.alive health.ready login.page login.enter login.leave chat.choose_language"
_READER = """
api.answer api.search api.kept_answer api.feedback archive_api.article archive_api.articles archive_api.issues
conversations_api.conversations conversations_api.conversation conversations_api.rename
conversations_api.forget openai_api.complete openai_api.models openai_api.model
docs.openapi docs.page metrics.page
chat.front chat.ask chat.conversation chat.chat_list chat.rename chat.delete chat.delete_all chat.answer
chat.answer_turn chat.feedback browse.issues browse.issue browse.article browse.article_part browse.search
browse.about
"""
_ADMIN = """
builds_api.start builds_api.builds builds_api.build builds_api.confirm builds_api.cancel
admin.overview admin.upload admin.build admin.confirm admin.cancel admin.progress admin.roll_back
admin.doubts admin.page_doubts admin.correct admin.feedback admin.feedback_csv admin.gaps admin.gaps_csv
"""
# Every route of the application; one that is missing here can be called by nobody.
ROUTES: Mapping[str, Caller] = MappingProxyType(
    {
        **dict.fromkeys(_ANYBODY.split(), Caller.ANYBODY),
        **dict.fromkeys(_READER.split(), Caller.READER),
        **dict.fromkeys(_ADMIN.split(), Caller.ADMIN),
    }
)


def guard(app: Flask, settings: Settings) -> None:
    """Let nobody call a route of `app` who may not.

    Raises:
        SettingsError: the keys do not read as such.
    """
    app.extensions[KEYS] = parse_keys(settings.api_keys.get_secret_value())
    app.secret_key = secrets.token_bytes(32)
    app.session_interface = _Sessions()
    app.config.update(
        SESSION_COOKIE_NAME="session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        PERMANENT_SESSION_LIFETIME=SESSION_S,
    )
    app.config["WENBAO_PUBLIC"] = settings.public
    app.config["WENBAO_HOSTNAMES"] = frozenset(settings.hostnames.lower().replace(",", " ").split())
    app.before_request(_check)


class _Sessions(SecureCookieSessionInterface):
    """Sessions whose cookie goes over TLS only where the request came so."""

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002 - Flask's signature
        return request.is_secure


def keep_secret(app: Flask, data: Path) -> None:
    """Sign sessions with a secret that outlives the process, kept in the data folder, for its owner only.

    Raises:
        ServiceError: the folder cannot be written.
    """
    path = data / SECRET
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(0o600, exist_ok=True)
            path.write_bytes(secrets.token_bytes(32))
        secret = path.read_bytes()
    except OSError as error:
        raise ServiceError(
            f"数据文件夹不可写({error.strerror})。",
            hint="用 --data 或 WENBAO_DATA 指定可写的文件夹。",
            code="data_unwritable",
        ) from None
    if len(secret) >= 32:
        app.secret_key = secret


def keys() -> tuple[Key, ...]:
    """The keys of the running application."""
    found: tuple[Key, ...] = current_app.extensions[KEYS]
    return found


def has_admin() -> bool:
    """Whether there is a key to the administration; without one it is off."""
    return any(key.scope is Scope.ADMIN for key in keys())


def key_name() -> str:
    """The name of the key that this request was let in with; empty without one."""
    return str(g.get("key_name", ""))


def is_admin() -> bool:
    """Whether this request was let in as an administrator's."""
    key = _key_of_request()
    return key is not None and key.allows(Scope.ADMIN)


def log_in(token: str) -> bool:
    """Keep a key in the session, if it is one."""
    key = find_key(token.strip(), keys())
    session.clear()
    if key is None:
        return False
    session.permanent = True
    # A key that is taken out of the settings, or gets another hash, ends its sessions.
    session[SESSION_KEY] = f"{key.name}:{key.hash[:16]}"
    return True


def log_out() -> None:
    """Forget the key of the session."""
    session.clear()


def is_local() -> bool:
    """Whether the client is on this machine, as far as the proxies that are trusted tell."""
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def _check() -> None:
    """Refuse who may not.

    Raises:
        KeyNeeded: there is no key, or an unknown one.
        AccessDenied: the key allows less.
        NotFoundError: it is the administration's, and that is off.
        CallerError: the service is asked by a name that is not its own (code `unknown_host`).
    """
    wanted = ROUTES.get(request.endpoint or "")
    if request.endpoint is None:
        return  # there is no such route: 404, 405
    if wanted is None:
        raise AccessDenied("这个地址没有开放。", hint="请联系管理员。")
    if wanted is Caller.ANYBODY:
        return
    try:
        key = _key_of_request()
    except KeyNeeded:
        # Clients of the OpenAI API always send some key; where none is needed, it says nothing.
        if wanted is Caller.ADMIN or not _is_open():
            raise
        key = None
    if key:
        g.key_name = key.name
    if wanted is Caller.ADMIN:
        _check_admin(key)
    elif key is None:
        _check_reader()


def _check_admin(key: Key | None) -> None:
    if not has_admin():
        raise NotFoundError(
            "没有设置管理密钥,管理功能是关着的。",
            hint="运行 wenbao key 名称 --admin,把它给出的一项加到 WENBAO_API_KEYS。",
            code="admin_off",
        )
    if key is None:
        raise _key_needed()
    if not key.allows(Scope.ADMIN):
        raise AccessDenied("这个密钥不能用于管理。", hint="请用有 admin 权限的密钥。")


def _check_reader() -> None:
    if not _is_open():
        raise _key_needed()
    if not current_app.config["WENBAO_PUBLIC"]:
        _check_host()


def _is_open() -> bool:
    """Whether this client may read without a key."""
    closed = any(key.scope is Scope.READ for key in keys())
    return bool(current_app.config["WENBAO_PUBLIC"]) or (not closed and is_local())


def _check_host() -> None:
    """A page of another site must not reach a service on the reader's machine by a name of its own."""
    try:
        name = urlsplit(f"//{request.host}").hostname or ""
        known = name in LOCAL_NAMES or name in current_app.config["WENBAO_HOSTNAMES"] or _is_address(name)
    except ValueError:
        known = False
    if not known:
        raise CallerError("不认识这个主机名。", hint="把它加到 WENBAO_HOSTNAMES。", code="unknown_host")


def _is_address(name: str) -> bool:
    ip_address(name)
    return True


def _key_needed() -> KeyNeeded:
    return KeyNeeded("需要访问密钥。", hint="用 Authorization: Bearer 密钥,或在 /login 登录。")


def _key_of_request() -> Key | None:
    """The key that a program sent or that a reader logged in with.

    Raises:
        KeyNeeded: one was sent, and it is none of ours.
    """
    sent = request.headers.get("Authorization", "")
    if sent.lower().startswith("bearer ") and keys():
        key = find_key(sent[7:].strip(), keys())
        if key is None:
            raise KeyNeeded("不认识这个访问密钥。", hint="请核对密钥。", code="unknown_key")
        return key
    name, _, digest = str(session.get(SESSION_KEY, "")).partition(":")
    return next(
        (key for key in keys() if key.name == name and hmac.compare_digest(key.hash[:16], digest)), None
    )
