"""The front of the pipeline: paths -> input files -> articles, with a refusal for all that fails."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from embeddings.errors import InputRefused
from embeddings.layout import read_page
from embeddings.records import Article, Refusal
from embeddings.sources import jsonl
from embeddings.sources.place import ISSUE_FILE, Issue, Place, place_of, read_issue
from embeddings.sources.text import read_text

# News text shrinks to a third or a quarter; more than this is no text, or a trap.
GZIP_EXPANSION = 8
PAGE_SUFFIXES = (".txt",)
LINES_SUFFIXES = (".jsonl", ".jsonl.gz")
NOT_INPUT = re.compile(
    r"\..*|issue\.toml|(.*\.)?questions.*\.jsonl(\.gz)?|.*\.marks\.toml|readme.*", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: where it is, the name shown for it, and the place its folders give it."""

    path: Path
    name: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class Intake:
    """What one input file gave. `content_hash` is of its bytes, empty if they could not be read."""

    file: InputFile
    content_hash: str
    articles: tuple[Article, ...]
    refused: tuple[Refusal, ...]


def find_inputs(paths: Sequence[Path]) -> tuple[list[InputFile], list[Refusal]]:
    """Input files under the given files and folders, in natural order of their names, each once.

    A file named in `paths` is always read or refused; inside folders, hidden files and files that
    are known not to be input (`issue.toml`, evaluation questions, readmes) are passed over.
    """
    files: dict[Path, InputFile] = {}
    refused: list[Refusal] = []
    for root in paths:
        for path, name in _named(root, refused):
            files.setdefault(path.resolve(), InputFile(path, name))
    placed = _placed(_distinct_names(list(files.values())), refused)
    return sorted(placed, key=lambda file: natural_key(file.name)), refused


def read_input(file: InputFile, max_bytes: int) -> Intake:
    """Articles of one file; what cannot be used comes back as refusals, never as an error."""
    digest = ""
    try:
        data = _bytes_of(file.path, max_bytes)
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        articles, refused = _parsed(file, data, max_bytes)
    except InputRefused as error:
        return Intake(file, digest, (), (Refusal(file.name, error.code, error.message),))
    return Intake(file, digest, articles, refused)


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key under which `2.txt` comes before `10.txt`."""
    parts = re.split(r"([0-9]+)", name)
    # At most 18 digits are read as a number: Python refuses to convert very long ones.
    return tuple((0, int(p[-18:]), p) if p.isdecimal() and p.isascii() else (1, 0, p) for p in parts)


def _parsed(file: InputFile, data: bytes, max_bytes: int) -> tuple[tuple[Article, ...], tuple[Refusal, ...]]:
    suffix = suffix_of(file.path)
    if suffix in LINES_SUFFIXES:
        if suffix.endswith(".gz"):
            data = jsonl.unpack(data, max_bytes * GZIP_EXPANSION)
        lines = jsonl.read_lines(data, file.name, replace(file.place, number=None))
        return lines.articles, lines.refused
    articles = tuple(read_page(read_text(data, file.name, file.place)))
    if not articles:
        raise InputRefused("版面上没有找到文章 (no_article)", code="no_article")
    return articles, ()


def suffix_of(path: Path) -> str:
    """The suffix in lower case, with the one before `.gz`."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return "".join(suffixes[-2:]) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])


def _bytes_of(path: Path, max_bytes: int) -> bytes:
    too_large = InputRefused(f"文件超过 {max_bytes} 字节的上限 (too_large)", code="too_large")
    try:
        if path.stat().st_size > max_bytes:
            raise too_large
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)  # it may have grown since
    except FileNotFoundError:
        raise InputRefused("文件已不存在 (not_found)", code="not_found") from None
    except OSError:
        raise InputRefused("文件无法读取,请检查权限 (unreadable)", code="unreadable") from None
    if len(data) > max_bytes:
        raise too_large
    return data


def _named(root: Path, refused: list[Refusal]) -> Iterator[tuple[Path, str]]:
    """Supported files at or under `root` with their names; the rest goes to `refused`."""
    try:
        mode = root.stat().st_mode
    except FileNotFoundError:
        refused.append(Refusal(_shown(root.name), "not_found", "没有这个文件或文件夹 (not_found)"))
        return
    except (OSError, ValueError):
        refused.append(Refusal(_shown(root.name), "unreadable", "无法读取,请检查权限 (unreadable)"))
        return
    if not stat.S_ISDIR(mode):
        yield from _supported(root, _shown(root.name), refused)
        return
    for path in _walk(root, refused):
        name = _shown(path.relative_to(root).as_posix())
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            refused.append(Refusal(name, "outside", "链接指向文件夹之外,未读取 (outside)"))
        else:
            yield from _supported(path, name, refused)


def _walk(root: Path, refused: list[Refusal]) -> Iterator[Path]:
    """Files under `root` that may be input; linked folders are not entered."""

    def fail(error: OSError) -> None:
        name = _shown(Path(str(error.filename)).name)
        refused.append(Refusal(name, "unreadable", "文件夹无法读取,请检查权限 (unreadable)"))

    for folder, subfolders, names in os.walk(root, onerror=fail):
        subfolders[:] = sorted((n for n in subfolders if not n.startswith(".")), key=natural_key)
        for name in sorted(names, key=natural_key):
            if not NOT_INPUT.fullmatch(name):
                yield Path(folder, name)


def _supported(path: Path, name: str, refused: list[Refusal]) -> Iterator[tuple[Path, str]]:
    if suffix_of(path) not in (*PAGE_SUFFIXES, *LINES_SUFFIXES):
        refused.append(Refusal(name, "unsupported", "不支持这种文件 (unsupported)"))
    elif not path.is_file():
        # A pipe or a device would block the reader, a dangling link has nothing to read.
        refused.append(Refusal(name, "unreadable", "不是可读取的普通文件 (unreadable)"))
    else:
        yield path, name


def _shown(name: str) -> str:
    """The name as it can be printed and stored: bytes that are no UTF-8 are replaced."""
    return os.fsencode(name).decode("utf-8", "replace") or "."


def _distinct_names(files: list[InputFile]) -> list[InputFile]:
    """Files whose names meet (two folders were given) get more of their path in front."""
    taken: dict[str, Path] = {}
    result = []
    for file in files:
        depth = file.name.count("/") + 1
        name, parts = file.name, file.path.absolute().parts
        while name in taken and depth < len(parts) - 1:
            depth += 1
            name = _shown("/".join(parts[-depth:]))
        taken[name] = file.path
        result.append(replace(file, name=name))
    return result


def _placed(files: list[InputFile], refused: list[Refusal]) -> list[InputFile]:
    issues: dict[Path, Issue | None] = {}
    result = []
    for file in files:
        folder = file.path.absolute().parent
        if folder not in issues:
            issues[folder] = _issue_beside(file, refused)
        result.append(replace(file, place=place_of(file.path, issues[folder])))
    return result


def _issue_beside(file: InputFile, refused: list[Refusal]) -> Issue | None:
    path = file.path.parent / ISSUE_FILE
    if not path.exists():
        return None
    try:
        return read_issue(path)
    except InputRefused as error:
        name = "/".join([*file.name.split("/")[:-1], ISSUE_FILE])
        refused.append(Refusal(name, error.code, error.message))
        return None
