"""A typed client of a running service: what `/api` gives, and nothing else needed than the address.

with Client("http://localhost:8000") as client:
    answer = client.ask("市里的菊花展在哪儿办？")
    print(answer["answer"], [citation["quote"] for citation in answer["citations"]])
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Self, TypedDict
from urllib.parse import quote

import httpx

from qa.bodies import AnswerJSON, ArticleJSON, IssueJSON, SearchJSON

TIMEOUT_S = 60.0


class Limits(TypedDict, total=False):
    """Limits on issues; dates as `YYYY-MM-DD`, both inclusive."""

    date_from: str
    date_to: str
    paper: str
    page: str


class ServiceProblem(Exception):
    """The service answered with a problem document (RFC 9457): its `status`, `code`, `detail` and `hint`."""

    def __init__(self, status: int, document: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(document.get("code", f"http_{status}"))
        self.detail = str(document.get("detail", ""))
        self.hint = str(document.get("hint", ""))
        super().__init__(f"{status} {self.code}: {self.detail} {self.hint}".strip())


class Client:
    """Asks a service at `base_url`, with a `key` where it wants one. Thread-safe, as `httpx.Client` is.

    Every method raises `ServiceProblem` for what the service refuses, and `httpx.HTTPError` where it cannot
    be reached.
    """

    def __init__(self, base_url: str, key: str = "", timeout_s: float = TIMEOUT_S) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=timeout_s)

    def ask(
        self, question: str, *, filters: Limits | None = None, conversation_id: str | None = None
    ) -> AnswerJSON:
        """An answer with its citations; `conversation_id` of an earlier one goes on with it."""
        answer: AnswerJSON = self._post("/api/answer", _asking(question, filters, conversation_id))
        return answer

    def stream(
        self, question: str, *, filters: Limits | None = None, conversation_id: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Events while it is answered: `stage`, `citation`, `token`, and last `answer` with the whole."""
        body = _asking(question, filters, conversation_id)
        headers = {"Accept": "text/event-stream"}
        with self._http.stream("POST", "/api/answer", json=body, headers=headers) as response:
            _checked(response)
            name = ""
            for line in response.iter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    data = json.loads(line.removeprefix("data: "))
                    if name == "error":
                        raise ServiceProblem(data["status"], data)
                    yield name, data

    def search(self, query: str, *, k: int = 10, filters: Limits | None = None) -> SearchJSON:
        """The k best passages, best first."""
        found: SearchJSON = self._post("/api/search", {"query": query, "k": k, "filters": filters})
        return found

    def article(self, article_id: str) -> ArticleJSON:
        """An article, with the `text` that every offset counts in."""
        found: ArticleJSON = self._get(f"/api/articles/{quote(article_id, safe='')}", {})
        return found

    def issues(self, *, date_from: str = "", date_to: str = "", paper: str = "") -> Iterator[IssueJSON]:
        """The issues, newest first, fetched as they are asked for."""
        limits = {"date_from": date_from, "date_to": date_to, "paper": paper}
        path: str | None = "/api/issues"
        given = {name: value for name, value in limits.items() if value}
        while path:
            listed = self._get(path, given)
            yield from listed["issues"]
            path, given = listed["next"], {}

    def close(self) -> None:
        """Let the connections go; the end of a `with` does it too."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> Any:
        return _checked(self._http.post(path, json=dict(body))).json()

    def _get(self, path: str, query: Mapping[str, str]) -> Any:
        # Without a query of its own the one in the path stays.
        return _checked(self._http.get(path, params=dict(query) or None)).json()


def _asking(question: str, filters: Limits | None, conversation_id: str | None) -> dict[str, Any]:
    return {"question": question, "filters": filters, "conversation_id": conversation_id}


def _checked(response: httpx.Response) -> httpx.Response:
    if not response.is_error:
        return response
    response.read()
    try:
        document = response.json()
    except ValueError:
        document = {}
    raise ServiceProblem(response.status_code, document if isinstance(document, dict) else {})
