"""Paths -> input files: what there is to read under files and folders, where it belongs, and its bytes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from embeddings.errors import InputRefused
from embeddings.records import Refusal
from embeddings.sources.formats import format_of, issue_folders, place_in, without_illustrations
from embeddings.sources.names import NOT_INPUT_FOLDER, is_passed_over, natural_key
from embeddings.sources.place import ISSUE_FILE, Issue, Place, read_issue


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: where it is, the name shown for it, and the place its folders give it.

    `resolved` is the same file's own path, links followed; `None` where nobody asked yet.
    """

    path: Path
    name: str
    place: Place = field(default_factory=Place)
    resolved: Path | None = None


def find_inputs(paths: Sequence[Path]) -> tuple[list[InputFile], list[Refusal]]:
    """Input files under the given files and folders, in natural order of their names, each once.

    A file named in `paths` is always read or refused; inside folders, hidden files and files that
    are known not to be input (`issue.toml`, evaluation questions, readmes, pictures saved with a web page)
    are passed over.
    """
    files: dict[Path, InputFile] = {}
    refused: list[Refusal] = []
    for root in paths:
        for path, name, resolved in _named(root, refused):
            files.setdefault(resolved, InputFile(path, name, resolved=resolved))
    placed = _placed(_distinct_names(list(files.values())), refused)
    return sorted(placed, key=lambda file: natural_key(file.name)), refused


def _named(root: Path, refused: list[Refusal]) -> Iterator[tuple[Path, str, Path]]:
    """Supported files at or under `root`, their names and own paths; the rest goes to `refused`."""
    try:
        mode = root.stat().st_mode
    except FileNotFoundError:
        refused.append(Refusal(shown_name(root.name), "not_found", "没有这个文件或文件夹 (not_found)"))
        return
    except (OSError, ValueError):
        refused.append(Refusal(shown_name(root.name), "unreadable", "无法读取,请检查权限 (unreadable)"))
        return
    if not stat.S_ISDIR(mode):
        yield from _supported(root, shown_name(root.name), root.resolve(), refused)
        return
    top = root.resolve()
    for path in without_illustrations(list(_walk(root, refused))):
        name = shown_name(path.relative_to(root).as_posix())
        try:
            # Folders that are links are not entered, so that only the last name can be one.
            resolved = path.resolve() if path.is_symlink() else top / path.relative_to(root)
        except (OSError, RuntimeError):  # a link that leads to itself
            refused.append(Refusal(name, "unreadable", "不是可读取的普通文件 (unreadable)"))
            continue
        if not resolved.is_relative_to(top):
            refused.append(Refusal(name, "outside", "链接指向文件夹之外,未读取 (outside)"))
        else:
            yield from _supported(path, name, resolved, refused)


def _walk(root: Path, refused: list[Refusal]) -> Iterator[Path]:
    """Files under `root` that may be input; linked folders are not entered."""

    def fail(error: OSError) -> None:
        name = shown_name(Path(str(error.filename)).name)
        refused.append(Refusal(name, "unreadable", "文件夹无法读取,请检查权限 (unreadable)"))

    for folder, subfolders, names in os.walk(root, onerror=fail):
        entered = (name for name in subfolders if not NOT_INPUT_FOLDER.fullmatch(name))
        subfolders[:] = sorted(entered, key=natural_key)
        for name in sorted(names, key=natural_key):
            if not is_passed_over(PurePath(name)):
                yield Path(folder, name)


def _supported(
    path: Path, name: str, resolved: Path, refused: list[Refusal]
) -> Iterator[tuple[Path, str, Path]]:
    if format_of(path) is None:
        refused.append(Refusal(name, "unsupported", "不支持这种文件 (unsupported)"))
    elif not path.is_file():
        # A pipe or a device would block the reader, a dangling link has nothing to read.
        refused.append(Refusal(name, "unreadable", "不是可读取的普通文件 (unreadable)"))
    else:
        yield path, name, resolved


def bytes_of(path: Path, max_bytes: int) -> bytes:
    """The bytes of a file.

    Raises:
        InputRefused: code `too_large`, `not_found` or `unreadable`.
    """
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


def shown_name(name: str) -> str:
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
            name = shown_name("/".join(parts[-depth:]))
        taken[name] = file.path
        result.append(replace(file, name=name))
    return result


def _placed(files: list[InputFile], refused: list[Refusal]) -> list[InputFile]:
    issues: dict[Path, Issue | None] = {}
    result = []
    for file in files:
        path = file.path.absolute()
        for folder in issue_folders(path):
            if folder not in issues:
                issues[folder] = _issue_in(folder, file, refused)
        found = (issues[folder] for folder in issue_folders(path))
        issue = next((issue for issue in found if issue), None)
        form = format_of(path)
        result.append(replace(file, place=place_in(path, form, issue)) if form else file)
    return result


def _issue_in(folder: Path, file: InputFile, refused: list[Refusal]) -> Issue | None:
    path = folder / ISSUE_FILE
    if not path.exists():
        return None
    try:
        return read_issue(path)
    except InputRefused as error:
        depth = len(file.path.absolute().parts) - len(path.parts) + 1
        name = "/".join([*file.name.split("/")[:-depth], ISSUE_FILE])
        refused.append(Refusal(name, error.code, error.message))
        return None
