"""What the files hold against what is indexed: the catalog of the next snapshot, written step by step."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.index.catalog import CatalogWriter, FileEntry, NewPassage, Withheld, article_hash
from embeddings.intake import InputFile, Intake, limits_of, read_input, sidecars_of
from embeddings.passages import encoder_text, fit_tokens, split_article
from embeddings.records import Article, Passage, Refusal, content_hash
from embeddings.settings import Settings
from embeddings.tokens import article_names

# Raised when the same file would give other articles, so that unchanged files are read again.
READER_VERSION = 2

# Path of an article whose file has let go of it; another file may still claim it in the same build.
_NOWHERE = ""
# No path holds it.
_BYTES_MARK = "\0"
# Size of a file that is to be read again whatever it looks like.
_READ_AGAIN = -1

# Two texts of one file are one article, its headline corrected, when they share this much (Jaccard index of
# their runs of four characters).
_SAME_ARTICLE = 0.5
_RUN_CHARS = 4
# A body that long is no other article's.
_OWN_TEXT_CHARS = 30

Step = Callable[[str, int, int], None]


def no_step(_stage: str, _done: int, _total: int) -> None:
    """Show no progress."""


@dataclass(frozen=True, slots=True)
class PendingPassage:
    """A passage in the new catalog whose vector and terms are still to be written.

    `text` is what the encoder reads, `hash` the hash of it.
    """

    key: int
    hash: str
    text: str
    passage: Passage
    article: Article


class Changes:
    """The changes of one build, made in the catalog that will be published.

    `pending` holds the passages to write by key, `dropped_keys` those to take out of the vectors and terms;
    counters are of articles.

    An id that several files give belongs to the first of them in the order of reading, as it would in a
    build from nothing. A file that lost one is read again by every build, so that it can step in.

    An article whose headline was corrected gets the id that a build from nothing would give it, and the
    id it had goes on leading to it.
    """

    def __init__(self, catalog: CatalogWriter, encoder: Encoder, settings: Settings) -> None:
        self.added = self.updated = self.removed = self.unchanged = self.moved = self.readmitted = 0
        self.refused: list[Refusal] = []
        self.pending: dict[int, PendingPassage] = {}
        self.dropped_keys: list[int] = []
        self._catalog = catalog
        self._encoder = encoder
        self._settings = settings
        self._files = catalog.files()
        self._stored = catalog.stored()
        self._ids_of: defaultdict[str, set[str]] = defaultdict(set)
        for article_id, (path, _) in self._stored.items():
            self._ids_of[path].add(article_id)
        self._unread: set[str] = set()
        withheld = catalog.withheld()
        self._withheld = {one.id for one in withheld}
        self._withheld_bodies = {one.body for one in withheld}

    def __bool__(self) -> bool:
        counted = (self.added, self.updated, self.removed, self.moved, self.readmitted)
        return any(counted) or bool(self.pending)

    def read_all(self, found: Sequence[InputFile], step: Step) -> None:
        """Read every file that is not known as it stands, and compare it with what is stored."""
        step("files", 0, len(found))
        self._unread = {path_key(file) for file in found}
        for done, file in enumerate(found, 1):
            self._read(file)
            step("files", done, len(found))
        self._remove_all(set(self._ids_of[_NOWHERE]))

    def prune(self, roots: Sequence[Path], found: Sequence[InputFile]) -> None:
        """Remove what came from files under `roots` that are not among those found."""
        for path in vanished(self._files, roots, found):
            self._catalog.forget_file(path)
            del self._files[path]
            self._remove_all(set(self._ids_of[path]))

    def unknown(self, ids: Sequence[str]) -> list[str]:
        """Which of `ids` are no articles of the index."""
        return [article_id for article_id in ids if article_id not in self._stored]

    def not_withheld(self, ids: Sequence[str]) -> list[str]:
        """Which of `ids` are of no article that was taken out to stay out."""
        return [article_id for article_id in ids if article_id not in self._withheld]

    def remove(self, ids: Sequence[str]) -> None:
        """Remove articles by known id, to stay out: a file that gives them again does not bring them back."""
        for article_id in ids:
            article, (path, _) = self._catalog.article(article_id), self._stored[article_id]
            self._catalog.withhold(Withheld(article_id, article.title, path, _body_hash(article)))
        self._remove_all(set(ids))

    def readmit(self, ids: Sequence[str]) -> None:
        """Let withheld articles in again: their files are read by the next build."""
        paths = {one.id: one.path for one in self._catalog.withheld()}
        self.readmitted += len(ids)
        for article_id in ids:
            self._catalog.readmit(article_id)
            entry = self._files.get(paths[article_id])
            if entry:
                self._note(replace(entry, size=_READ_AGAIN))

    def cut_again(self) -> None:
        """Make every passage anew, with new keys: the base's vectors or terms do not fit any more."""
        for article, path in self._catalog.articles():
            self._drop(article.id)
            self._add(path, article)

    def _read(self, file: InputFile) -> None:
        path = path_key(file)
        self._unread.discard(path)
        known = self._files.get(path)
        look = _look_of(file)
        if known and look.is_of(known):
            self._keep(path, known)
            return
        intake = read_input(file, limits_of(self._settings))
        if known and look.may_be_of(known) and known.hash == intake.content_hash:
            self._keep(path, known)
            self._note(replace(known, size=look.size, mtime_ns=look.mtime_ns))
            return
        refused = (*intake.refused, *self._compare(path, intake))
        self.refused += refused
        entry = FileEntry(
            path,
            file.name,
            look.place,
            look.size,
            look.mtime_ns,
            intake.content_hash,
            READER_VERSION,
            refused,
        )
        lost = any(self._stored.get(article.id, (path,))[0] != path for article in intake.articles)
        # What could not be opened has no hash: it may be readable next time, and look the same.
        self._note(replace(entry, size=_READ_AGAIN) if lost or not entry.hash else entry)

    def _note(self, entry: FileEntry) -> None:
        self._files[entry.path] = entry
        self._catalog.put_file(entry)

    def _keep(self, path: str, known: FileEntry) -> None:
        self.unchanged += len(self._ids_of[path])
        self.refused += known.refused

    def _compare(self, path: str, intake: Intake) -> Iterator[Refusal]:
        if not intake.articles:
            # A file that cannot be read now must not cost what was read from it before.
            self.unchanged += len(self._ids_of[path])
            return
        articles = [article for article in intake.articles if not self._is_withheld(article)]
        gone = self._ids_of[path] - {article.id for article in articles}
        self._note_former_ids(gone, [article for article in articles if article.id not in self._stored])
        self._release(gone)
        for article in articles:
            refusal = self._take(path, article, intake.file.name)
            if refusal:
                yield refusal

    def _take(self, path: str, article: Article, name: str) -> Refusal | None:
        if article.id not in self._stored:
            self.added += 1
            self._add(path, article)
            return None
        held_at, digest = self._stored[article.id]
        same = digest == article_hash(article)
        if held_at != path and self._keeps(held_at):
            reason = f"另一个文件里已有编号为 {article.id} 的文章,内容不同 (duplicate_id)"
            return None if same else Refusal(name, "duplicate_id", reason)
        if held_at in self._files and held_at != path:
            self._note(replace(self._files[held_at], size=_READ_AGAIN))
        if same:
            self.unchanged += 1
            self._move(path, article)
        else:
            self.updated += 1
            self._drop(article.id)
            self._add(path, article)
        return None

    def _is_withheld(self, article: Article) -> bool:
        body = _body_hash(article)
        return article.id in self._withheld or (bool(body) and body in self._withheld_bodies)

    def _note_former_ids(self, gone: set[str], fresh: Sequence[Article]) -> None:
        """Find out which of a file's new articles are its old ones under another headline."""
        if not gone or not fresh:
            return
        old = {article_id: _runs(self._catalog.article(article_id)) for article_id in sorted(gone)}
        new = {article.id: _runs(article) for article in fresh}
        alike = [(_likeness(a, b), i, j) for i, a in old.items() for j, b in new.items()]
        for likeness, former, article_id in sorted(alike, key=lambda one: (-one[0], one[1:])):
            if likeness >= _SAME_ARTICLE and former in old and article_id in new:
                del old[former], new[article_id]
                self._catalog.note_former_id(former, article_id)

    def _keeps(self, path: str) -> bool:
        """Whether an article of this file stays its own: it was read before, or is none of this build's."""
        return path != _NOWHERE and path not in self._unread and os.path.exists(_path_of(path))  # noqa: PTH110 - never raises

    def _release(self, ids: set[str]) -> None:
        for article_id in ids:
            path, digest = self._stored[article_id]
            self._ids_of[path].discard(article_id)
            self._register(_NOWHERE, article_id, digest)

    def _move(self, path: str, article: Article) -> None:
        self.moved += self._catalog.move_article(article, path)
        old_path, digest = self._stored[article.id]
        self._ids_of[old_path].discard(article.id)
        self._register(path, article.id, digest)

    def _register(self, path: str, article_id: str, digest: str) -> None:
        self._stored[article_id] = (path, digest)
        self._ids_of[path].add(article_id)

    def _remove_all(self, ids: set[str]) -> None:
        self.removed += len(ids)
        for article_id in sorted(ids):
            self._drop(article_id)

    def _drop(self, article_id: str) -> None:
        for key in self._catalog.drop_article(article_id):
            if self.pending.pop(key, None) is None:
                self.dropped_keys.append(key)
        path, _ = self._stored.pop(article_id)
        self._ids_of[path].discard(article_id)

    def _add(self, path: str, article: Article) -> None:
        passages = split_article(
            article, target_chars=self._settings.passage_chars, max_chars=self._settings.passage_chars_max
        )
        passages = fit_tokens(article, passages, self._encoder.count_tokens, self._encoder.max_tokens)
        texts = [encoder_text(article, passage) for passage in passages]
        new = [NewPassage(p, content_hash(text)) for p, text in zip(passages, texts, strict=True)]
        keys = self._catalog.add_article(article, path, new, article_names(article))
        for key, text, item in zip(keys, texts, new, strict=True):
            self.pending[key] = PendingPassage(key, item.hash, text, item.passage, article)
        self._register(path, article.id, article_hash(article))


@dataclass(frozen=True, slots=True)
class _Look:
    """What can be seen of a file without reading it: a hash of its place, its size and its time."""

    place: str
    size: int
    mtime_ns: int

    def may_be_of(self, known: FileEntry) -> bool:
        """Whether the same content would give the same articles as before."""
        return known.size != _READ_AGAIN and (known.place, known.reader) == (self.place, READER_VERSION)

    def is_of(self, known: FileEntry) -> bool:
        """Whether it need not be read again."""
        return self.may_be_of(known) and (known.size, known.mtime_ns) == (self.size, self.mtime_ns)


def _look_of(file: InputFile) -> _Look:
    place = content_hash(file.place.paper, str(file.place.date), file.place.number)
    return _Look(place, *_size_and_time_with_sidecars(file.path))


def path_key(file: InputFile) -> str:
    """What the catalog knows a file by: its own path or, where that is no text (not UTF-8), its bytes."""
    text = str(file.resolved or file.path.resolve())
    try:
        text.encode()
    except UnicodeEncodeError:
        return _BYTES_MARK + os.fsencode(text).hex()
    return text


def _path_of(key: str) -> str:
    return os.fsdecode(bytes.fromhex(key.removeprefix(_BYTES_MARK))) if key.startswith(_BYTES_MARK) else key


def nothing_new(files: Mapping[str, FileEntry], found: Sequence[InputFile]) -> bool:
    """Whether every file found is known as it stands, so that none has to be read."""
    known = ((files.get(path_key(file)), file) for file in found)
    return all(entry is not None and _look_of(file).is_of(entry) for entry, file in known)


def vanished(files: Iterable[str], roots: Sequence[Path], found: Sequence[InputFile]) -> list[str]:
    """Paths of known files under `roots` that are no input any more.

    What lies in a folder that cannot be looked into may still be there, and has not vanished.
    """
    given = {path_key(file) for file in found}
    folders = [root.resolve() for root in roots]
    gone = [
        path
        for path in files
        if path not in given and any(Path(_path_of(path)).is_relative_to(folder) for folder in folders)
    ]
    return [path for path in gone if _can_be_looked_for(path)]


def _can_be_looked_for(key: str) -> bool:
    path = _path_of(key)
    try:
        os.stat(path)  # noqa: PTH116 - a name may be any string
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        return False
    folder = next(parent for parent in Path(path).parents if os.path.lexists(parent))
    return os.access(folder, os.R_OK | os.X_OK)


def _size_and_time_with_sidecars(path: Path) -> tuple[int, int]:
    """Sizes added up and the latest time: a sidecar that comes, goes or changes shows in one of them."""
    found = [_size_and_time(each) for each in (path, *sidecars_of(path))]
    return sum(size for size, _ in found), max(time for _, time in found)


def _size_and_time(path: Path) -> tuple[int, int]:
    """Size, and when the content, name or permissions last changed; zeros when there is no such file.

    Not the modification time alone: a renamed or unpacked file brings an old one along.
    """
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, max(found.st_mtime_ns, found.st_ctime_ns)


def _body_hash(article: Article) -> str:
    """Empty for a text so short that another article may have the same."""
    body = _squeezed(article.body)
    return content_hash(body) if len(body) >= _OWN_TEXT_CHARS else ""


def _squeezed(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())


def _runs(article: Article) -> frozenset[str]:
    """Runs of neighbouring letters, digits and Han characters of the body, else of the headline."""
    text = _squeezed(article.body or article.headline)
    return frozenset(text[i : i + _RUN_CHARS] for i in range(max(1, len(text) - _RUN_CHARS + 1)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)
