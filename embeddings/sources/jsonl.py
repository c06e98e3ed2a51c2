"""JSON lines -> articles: one article a line, each broken line refused on its own."""

from __future__ import annotations

import datetime
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from embeddings.errors import InputRefused
from embeddings.records import Article, ArticleKind, Page, Refusal, article_id
from embeddings.sources.encoding import blank_controls, decode
from embeddings.sources.place import Place, parse_date
from embeddings.sources.untitled import first_words

MAX_ID_CHARS = 200
TEXT_FIELDS = ("title", "kicker", "subtitle", "byline", "paper", "page", "url")


@dataclass(frozen=True, slots=True)
class Lines:
    """What a file of JSON lines holds: the good lines and the refused ones, each in file order."""

    articles: tuple[Article, ...]
    refused: tuple[Refusal, ...]


def unpack(data: bytes, max_bytes: int) -> bytes:
    """The bytes inside a gzip file.

    Raises:
        InputRefused: code `damaged`, or `too_large` when more than `max_bytes` come out.
    """
    try:
        with gzip.open(io.BytesIO(data)) as file:
            unpacked = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error):
        raise InputRefused("压缩文件已损坏 (damaged)", code="damaged") from None
    if len(unpacked) > max_bytes:
        raise InputRefused("解压后超过大小上限 (too_large)", code="too_large")
    return unpacked


def read_lines(data: bytes, name: str, place: Place) -> Lines:
    """Articles of the file; paper and date come from `place` where a line has none.

    Raises:
        InputRefused: the file as a whole is empty, binary or undecodable.
    """
    articles: dict[str, Article] = {}
    refused: list[Refusal] = []
    for number, line in _numbered(decode(data)):
        try:
            record = _object(line)
            _add(articles, _article(record, name, place), given=bool(_id(record)))
        except InputRefused as error:
            refused.append(Refusal(f"{name}:{number}", error.code, error.message))
    return Lines(tuple(articles.values()), tuple(refused))


def _numbered(text: str) -> Iterator[tuple[int, str]]:
    # Not `splitlines`: U+2028 is allowed inside a JSON string.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line


def _add(articles: dict[str, Article], article: Article, *, given: bool) -> None:
    if article.id in articles and given:
        raise InputRefused(f"文件内 id 重复:{article.id[:40]} (duplicate_id)", code="duplicate_id")
    identity, count = article.id, 1
    while article.id in articles:
        count += 1
        article = replace(article, id=f"{identity}-{count}")
    articles[article.id] = article


def _article(record: dict[str, Any], name: str, place: Place) -> Article:
    fields = {key: _text(record, key) for key in TEXT_FIELDS}
    body = _body(record)
    title = fields["title"] or first_words(body)
    page = Page(
        body, name, fields["paper"] or place.paper, _date(record) or place.date, fields["page"] or None
    )
    return Article(
        id=_id(record) or article_id(page, title),
        title=title,
        body=body,
        kind=_kind(record),
        kicker=fields["kicker"],
        subtitle=fields["subtitle"],
        byline=fields["byline"],
        paper=page.paper,
        date=page.date,
        page=page.number,
        captions=_captions(record),
        url=_url(fields["url"]),
    )


def _object(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except RecursionError:
        raise InputRefused("JSON 嵌套过深 (too_deep)", code="too_deep") from None
    except ValueError:
        raise InputRefused("不是合法的 JSON (bad_json)", code="bad_json") from None
    if not isinstance(record, dict):
        raise InputRefused("一行应是一个 JSON 对象 (bad_json)", code="bad_json")
    return record


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool) and key == "page":
        value = str(value)
    if not isinstance(value, str):
        raise InputRefused(f"字段 {key} 应为字符串 (bad_field)", code="bad_field")
    return " ".join(blank_controls(value).split())


def _id(record: dict[str, Any]) -> str:
    value = record.get("id")
    if value is None:
        return ""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_ID_CHARS:
        raise InputRefused(f"字段 id 应为 1 到 {MAX_ID_CHARS} 字的字符串 (bad_field)", code="bad_field")
    return " ".join(blank_controls(value).split())


def _body(record: dict[str, Any]) -> str:
    value = record.get("body")
    if value is None:
        raise InputRefused("缺少 body (missing_body)", code="missing_body")
    if not isinstance(value, str):
        raise InputRefused("字段 body 应为字符串 (bad_field)", code="bad_field")
    paragraphs = (line.strip() for line in blank_controls(value).splitlines())
    body = "\n".join(paragraph for paragraph in paragraphs if paragraph)
    if not body:
        raise InputRefused("body 是空的 (missing_body)", code="missing_body")
    return body


def _date(record: dict[str, Any]) -> datetime.date | None:
    value = record.get("date")
    if value is None or value == "":
        return None
    date = parse_date(value.strip()) if isinstance(value, str) else None
    if date is None:
        raise InputRefused("字段 date 应为 YYYY-MM-DD (bad_date)", code="bad_date")
    return date


def _kind(record: dict[str, Any]) -> ArticleKind:
    value = record.get("kind")
    if value is None:
        return ArticleKind.ARTICLE
    if value not in list(ArticleKind):
        raise InputRefused("字段 kind 不认识 (bad_field)", code="bad_field")
    return ArticleKind(value)


def _captions(record: dict[str, Any]) -> tuple[str, ...]:
    value = record.get("captions")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(caption, str) for caption in value):
        raise InputRefused("字段 captions 应为字符串的列表 (bad_field)", code="bad_field")
    captions = (" ".join(blank_controls(caption).split()) for caption in value)
    return tuple(caption for caption in captions if caption)


def _url(value: str) -> str:
    # The page shows it as a link, so a script address must not get in.
    if value and not value.lower().startswith(("http://", "https://")):
        raise InputRefused("字段 url 应以 http:// 或 https:// 开头 (bad_field)", code="bad_field")
    return value
