"""Who may call what: keys, sessions, hosts, origins; and what strangers are told."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from embeddings.errors import SettingsError
from qa.keys import Key, Scope, find_key, new_key, parse_keys
from tests.web import samples
from tests.web.fakes import FakeService, app_over
from web.access import ROUTES, Caller

READ_TOKEN, READ = new_key("desk", Scope.READ)
ADMIN_TOKEN, ADMIN = new_key("chief", Scope.ADMIN)
FAR = {"REMOTE_ADDR": "203.0.113.7"}
QUESTION = {"question": samples.NIGHT}


def client_of(*keys: Key, **settings: Any) -> FlaskClient:
    text = " ".join(key.entry() for key in keys)
    return app_over(FakeService(), api_keys=text, **settings).test_client()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(client: FlaskClient, **given: Any) -> int:
    return client.post("/api/answer", json=QUESTION, **given).status_code


def test_every_route_is_in_the_table_and_no_other(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ROUTES)


def test_route_that_is_not_in_the_table_is_closed(app: Flask) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")

    response = app.test_client().get("/forgotten")
    assert response.status_code == 403
    assert "secret" not in response.get_data(as_text=True)


def addresses(app: Flask) -> list[tuple[str, str, Caller]]:
    """Every route as a method and a path with something in the place of each parameter."""
    return [
        (method, re.sub(r"<[^>]*>", "x", rule.rule), ROUTES[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]


@pytest.mark.parametrize(
    ("token", "far", "allowed"),
    [
        ("", False, {Caller.ANYBODY}),
        ("", True, {Caller.ANYBODY}),
        (READ_TOKEN, True, {Caller.ANYBODY, Caller.READER}),
        (ADMIN_TOKEN, True, {Caller.ANYBODY, Caller.READER, Caller.ADMIN}),
        (ADMIN_TOKEN[:-1] + "x", False, {Caller.ANYBODY}),
    ],
    ids=["no key", "no key from far", "read", "admin", "wrong"],
)
def test_every_route_lets_in_who_may_call_it(token: str, far: bool, allowed: set[Caller]) -> None:
    """One address tries so often that it is told to wait; each route is asked by another."""
    app = app_over(FakeService(), api_keys=f"{READ.entry()} {ADMIN.entry()}")
    client = app.test_client()
    wrong = []
    for place, (method, path, caller) in enumerate(addresses(app)):
        origin = f"198.51.100.{place}" if far else f"127.0.1.{place}"
        response = client.open(
            path,
            method=method,
            headers=bearer(token) if token else {},
            environ_overrides={"REMOTE_ADDR": origin},
            json={} if path.startswith(("/api", "/v1")) and method in ("POST", "PATCH") else None,
        )
        refused = response.status_code in (401, 403) or "/login" in response.headers.get("Location", "")
        if refused == (caller in allowed) and "login" not in path:
            wrong.append((method, path, response.status_code))
    assert wrong == []


def test_without_keys_reading_is_open_to_this_machine_only() -> None:
    client = client_of()

    assert ask(client) == 200
    assert ask(client, environ_overrides={"REMOTE_ADDR": "::1"}) == 200
    response = client.post("/api/answer", json=QUESTION, environ_overrides=FAR)
    assert response.status_code == 401
    assert response.get_json()["code"] == "key_needed"
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/", environ_overrides=FAR).location == "/login?back=/?"


def test_public_service_is_open_to_everybody() -> None:
    assert ask(client_of(public=True), environ_overrides=FAR) == 200
    assert client_of(public=True).get("/admin", environ_overrides=FAR).status_code == 404


def test_reader_key_closes_reading_even_on_this_machine() -> None:
    client = client_of(READ)

    assert ask(client) == 401
    assert ask(client, headers=bearer(READ_TOKEN), environ_overrides=FAR) == 200
    assert ask(client, headers=bearer(ADMIN_TOKEN)) == 401


def test_admin_key_alone_leaves_reading_open_here() -> None:
    assert ask(client_of(ADMIN)) == 200


def test_unknown_key_is_told_without_repeating_it() -> None:
    response = client_of(READ).post("/api/answer", json=QUESTION, headers=bearer("wb_guess"))

    assert response.get_json()["code"] == "unknown_key"
    assert "wb_guess" not in response.get_data(as_text=True)


def test_dummy_key_is_let_pass_where_none_is_needed() -> None:
    assert ask(client_of(), headers=bearer("none")) == 200
    assert ask(client_of(ADMIN), headers=bearer("none")) == 200
    assert ask(client_of(ADMIN), headers=bearer("none"), environ_overrides=FAR) == 401
    assert client_of(ADMIN).get("/api/builds", headers=bearer("none")).status_code == 401


@pytest.mark.parametrize("path", ["/api/answer", "/login"])
def test_guessing_keys_is_told_to_wait(path: str) -> None:
    client = client_of(READ)
    statuses = []
    for guess in range(12):
        if path == "/login":
            response = client.post(path, data={"key": f"wb_{guess}"})
        else:
            response = client.post(path, json=QUESTION, headers=bearer(f"wb_{guess}"))
        statuses.append(response.status_code)

    assert statuses == [401] * 10 + [429] * 2
    assert int(response.headers["Retry-After"]) >= 1
    assert ask(client, headers=bearer(READ_TOKEN)) == 429
    assert ask(client, headers=bearer(READ_TOKEN), environ_overrides=FAR) == 200


def test_reader_logs_in_goes_on_and_logs_out() -> None:
    client = client_of(READ)
    wanted = client.get("/about?x=1")
    assert (wanted.status_code, wanted.location) == (303, "/login?back=/about?x%3D1")
    assert "<form" in client.get(wanted.location).get_data(as_text=True)

    entered = client.post("/login", data={"key": f" {READ_TOKEN} ", "back": "/about?x=1"})
    assert (entered.status_code, entered.location) == (303, "/about?x=1")
    cookie = entered.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/about").status_code == 200
    assert client.get("/admin").status_code == 404  # there is no key to it

    client.post("/logout")
    assert client.get("/about").status_code == 303


@pytest.mark.parametrize(("scheme", "secure"), [("https", True), ("http", False)])
def test_session_over_tls_stays_there(scheme: str, secure: bool) -> None:
    client = client_of(READ, trusted_proxies=1)
    headers = {"X-Forwarded-Proto": scheme, "X-Forwarded-For": "203.0.113.7"}
    entered = client.post("/login", data={"key": READ_TOKEN}, headers=headers)
    assert ("Secure" in entered.headers["Set-Cookie"]) is secure


def test_wrong_key_does_not_log_in() -> None:
    client = client_of(READ)
    assert client.post("/login", data={"key": ADMIN_TOKEN}).status_code == 401
    assert client.get("/about").status_code == 303


def test_session_ends_when_its_key_is_withdrawn() -> None:
    app = app_over(FakeService(), api_keys=READ.entry())
    client = app.test_client()
    client.post("/login", data={"key": READ_TOKEN})
    assert client.get("/about").status_code == 200

    _, other = new_key("desk", Scope.READ)
    app.extensions["wenbao.keys"] = (other,)
    assert client.get("/about").status_code == 303


def test_session_of_another_secret_is_none() -> None:
    one, other = client_of(READ), client_of(READ)
    one.post("/login", data={"key": READ_TOKEN})
    cookie = one.get_cookie("session")
    assert cookie
    other.set_cookie("session", cookie.value)
    assert other.get("/about").status_code == 303


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("192.168.1.5:8000", 200),
        ("papers.example.org", 200),
        ("evil.example", 400),
        ("localhost.evil.example", 400),
        ("", 400),
        ("a b", 400),
    ],
)
def test_service_on_this_machine_answers_to_its_own_names(host: str, status: int) -> None:
    client = client_of(hostnames="papers.example.org, other.example.org")
    assert ask(client, headers={"Host": host}) == status


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost:9999"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/ask", "/chats/x/delete", "/chats/delete", "/login", "/language"])
def test_form_of_another_site_is_refused(headers: dict[str, str], path: str) -> None:
    service = FakeService()
    response = app_over(service).test_client().post(path, data={"q": samples.NIGHT}, headers=headers)

    assert response.status_code == 403
    assert service.calls == []


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_program_of_another_site_is_refused(headers: dict[str, str], method: str) -> None:
    response = client_of().open("/api/conversations/x", method=method, json={}, headers=headers)
    assert response.status_code in (403, 405)
    assert client_of().post("/api/answer", json=QUESTION, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}],
)
def test_own_pages_and_programs_are_served(headers: dict[str, str]) -> None:
    assert ask(client_of(), headers=headers) == 200


def test_link_from_another_site_is_followed() -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert client_of().get("/about", headers=headers).status_code == 200


def test_other_origins_use_the_api_only_where_it_is_set() -> None:
    origin = {"Origin": "https://news.example.org"}
    assert "Access-Control-Allow-Origin" not in client_of().get("/api/issues", headers=origin).headers

    client = client_of(cors_origins="https://news.example.org")
    response = client.post("/api/answer", json=QUESTION, headers=origin)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "https://news.example.org"
    assert "Access-Control-Allow-Credentials" not in response.headers
    preflight = {**origin, "Access-Control-Request-Method": "POST"}
    assert client.options("/api/answer", headers=preflight).headers["Access-Control-Allow-Origin"]
    other = {"Origin": "https://evil.example"}
    assert client.post("/api/answer", json=QUESTION, headers=other).status_code == 403
    assert client.post("/ask", data={"q": "x"}, headers=origin).status_code == 403


def test_proxies_are_believed_only_where_it_is_set() -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}
    plain = client_of().get("/about", headers=forwarded)
    assert plain.status_code == 200
    assert "Strict-Transport-Security" not in plain.headers

    behind = client_of(trusted_proxies=1).get("/about", headers=forwarded)
    assert behind.status_code == 303
    assert behind.headers["Strict-Transport-Security"].startswith("max-age=")


def test_asking_often_from_far_is_told_to_wait() -> None:
    client = client_of(public=True, rate_limit="3/minute")
    statuses = [ask(client, environ_overrides=FAR) for _ in range(4)]
    response = client.post("/api/search", json={"query": "x"}, environ_overrides=FAR)

    assert statuses == [200, 200, 200, 429]
    assert (response.status_code, response.get_json()["code"]) == (429, "too_many")
    assert int(response.headers["Retry-After"]) >= 1
    assert client.get("/about", environ_overrides=FAR).status_code == 200
    assert ask(client, environ_overrides={"REMOTE_ADDR": "203.0.113.8"}) == 200
    assert [ask(client) for _ in range(5)] == [200] * 5


def test_key_is_limited_wherever_it_is_used() -> None:
    client = client_of(READ, rate_limit="2/minute")
    places = [{"REMOTE_ADDR": f"203.0.113.{n}"} for n in range(3)]
    statuses = [ask(client, headers=bearer(READ_TOKEN), environ_overrides=place) for place in places]
    assert statuses == [200, 200, 429]


def test_limit_that_is_none_is_refused_at_the_start() -> None:
    with pytest.raises(SettingsError):
        app_over(FakeService(), rate_limit="often")


@pytest.mark.parametrize(
    "text",
    [
        "desk",
        "desk:read",
        "desk:write:" + "0" * 64,
        "desk:read:xyz",
        f"{READ.entry()} {READ.entry()}",
        "a b:read:0",
    ],
)
def test_keys_that_read_as_none_are_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_keys(text)
    assert text not in str(caught.value)


def test_keys_are_found_among_several() -> None:
    assert parse_keys(f"{READ.entry()},\n{ADMIN.entry()} ") == (READ, ADMIN)
    assert find_key(ADMIN_TOKEN, (READ, ADMIN)) == ADMIN
    assert find_key("", (READ, ADMIN)) is None
    assert READ_TOKEN not in READ.entry()
    with pytest.raises(SettingsError):
        new_key("a b", Scope.READ)
