"""A ZIP archive of an issue -> what its members hold, each read as a file of its own.

Nothing is unpacked to disk. A member's name tells its format and place, and is shown.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

from embeddings.errors import InputRefused
from embeddings.records import Article, Page, Refusal
from embeddings.sources.formats import (
    Format,
    format_of,
    issue_folders,
    place_in,
    read_as,
    without_illustrations,
)
from embeddings.sources.found import Found, Limits
from embeddings.sources.members import Member, find_members, open_archive, unpack
from embeddings.sources.names import is_passed_over, suffix_of
from embeddings.sources.place import ISSUE_FILE, ISSUE_MAX_BYTES, Issue, Place, parse_issue

# All members together, in sizes and times of one file.
UNPACKED_FACTOR = 8
TIMEOUT_FACTOR = 20
NESTED = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".zst")


def read_archive(data: bytes, name: str, place: Place, limits: Limits) -> Found:
    """What the members hold, in natural order of their names; unusable ones are refused one by one.

    A member's place comes from its folders and the `issue.toml` beside it; where they give no date,
    from `place`, the archive's own.

    Raises:
        InputRefused: code `damaged`, `too_many` or `empty`, for the archive as a whole.
    """
    return _Reading(data, name, place, limits).run()


class _Reading:
    """One archive being read, with what may still be spent on it."""

    def __init__(self, data: bytes, name: str, place: Place, limits: Limits) -> None:
        self._archive = open_archive(data)
        self._members, self._refused = find_members(self._archive, name)
        self._name = name
        self._place = place
        self._limits = limits
        self._left_bytes = UNPACKED_FACTOR * limits.max_bytes
        self._deadline = time.monotonic() + TIMEOUT_FACTOR * limits.timeout_s
        self._issues: dict[PurePosixPath, Issue] = {}

    def run(self) -> Found:
        self._read_issues()
        pages: list[Page] = []
        articles: list[Article] = []
        for member in self._inputs():
            if self._left_bytes <= 0 or time.monotonic() > self._deadline:
                self._refuse_rest()
                break
            found = self._read(member)
            pages += found.pages
            articles += found.articles
            self._refused += found.refused
        return Found(tuple(pages), tuple(articles), tuple(self._refused))

    def _inputs(self) -> list[Member]:
        """The members that are input, in their order."""
        members = {m.path: m for m in self._members if not is_passed_over(m.path)}
        return [members[path] for path in without_illustrations(list(members))]

    def _read_issues(self) -> None:
        for member in self._members:
            if member.path.name == ISSUE_FILE:
                try:
                    data = self._unpacked(member, ISSUE_MAX_BYTES)
                    self._issues[member.path.parent] = parse_issue(data)
                except InputRefused as error:
                    self._refused.append(_refusal(member.shown, error))

    def _read(self, member: Member) -> Found:
        limits = self._limits
        remaining_s = max(0.1, self._deadline - time.monotonic())
        limits = replace(limits, timeout_s=min(limits.timeout_s, remaining_s))
        try:
            form = _format_inside(member.path)
            data = self._unpacked(member, min(limits.max_bytes, self._left_bytes))
            place = self._place_of(member.path, form)
            found = read_as(form, data, member.shown, place, limits)
        except InputRefused as error:
            return Found(refused=(_refusal(member.shown, error),))
        # A small member may hold much text, as a document of repeats does.
        self._left_bytes -= sum(len(page.text) for page in found.pages)
        self._left_bytes -= sum(len(article.text) for article in found.articles)
        return found

    def _unpacked(self, member: Member, max_bytes: int) -> bytes:
        unpacked = bytearray()
        for chunk in unpack(self._archive, member, max_bytes):
            unpacked += chunk
            self._left_bytes -= len(chunk)  # spent, also if the member is refused in the end
        return bytes(unpacked)

    def _place_of(self, path: PurePosixPath, form: Format) -> Place:
        issues = (self._issues.get(folder) for folder in issue_folders(path))
        issue = next((issue for issue in issues if issue), Issue())
        # From the root, so that no folder of this machine is taken for the paper.
        place = place_in(Path("/", path), form, issue)
        if not place.date:  # as if it lay beside the archive
            beside = Issue(issue.paper or self._place.paper, self._place.date)
            place = place_in(Path("/", path), form, beside)
        return replace(place, paper=place.paper or self._place.paper)

    def _refuse_rest(self) -> None:
        late = self._left_bytes > 0
        code = "too_slow" if late else "too_large"
        reason = "读取时间过长" if late else "解压后的总量超过上限"
        reason = f"{reason},其余文件未读;请分成几包 ({code})"
        self._refused.append(Refusal(self._name, code, reason))


def _format_inside(path: PurePosixPath) -> Format:
    if suffix_of(path).endswith(NESTED):
        raise InputRefused("压缩包里的压缩包不读取,请先解开 (unsupported)", code="unsupported")
    form = format_of(path)
    if form is None:
        raise InputRefused("不支持这种文件 (unsupported)", code="unsupported")
    return form


def _refusal(shown: str, error: InputRefused) -> Refusal:
    return Refusal(shown, error.code, str(error))
