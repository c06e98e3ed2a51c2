"""What the files hold against what is indexed: the catalog of the next snapshot, written step by step."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from embeddings.encoder import Encoder
from embeddings.index.catalog import CatalogWriter, FileEntry, NewPassage, article_hash
from embeddings.intake import InputFile, Intake, limits_of, read_input, sidecars_of
from embeddings.passages import encoder_text, fit_tokens, split_article
from embeddings.records import Article, Passage, Refusal, content_hash
from embeddings.settings import Settings
from embeddings.tokens import article_names

# Raised when the same file would give other articles, so that unchanged files are read again.
READER_VERSION = 2

# Path of an article whose file has let go of it; another file may still claim it in the same build.
_NOWHERE = ""
# Size of a file that is to be read again whatever it looks like.
_READ_AGAIN = -1

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
    """

    def __init__(self, catalog: CatalogWriter, encoder: Encoder, settings: Settings) -> None:
        self.added = self.updated = self.removed = self.unchanged = self.moved = 0
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

    def __bool__(self) -> bool:
        return bool(self.added or self.updated or self.removed or self.moved or self.pending)

    def read_all(self, found: Sequence[InputFile], step: Step) -> None:
        """Read every file that is not known as it stands, and compare it with what is stored."""
        step("files", 0, len(found))
        self._unread = {str(file.path.resolve()) for file in found}
        for done, file in enumerate(found, 1):
            self._read(file)
            step("files", done, len(found))
        self._remove_all(set(self._ids_of[_NOWHERE]))

    def prune(self, roots: Sequence[Path], found: Sequence[InputFile]) -> None:
        """Remove what came from files under `roots` that are not among those found."""
        given = {str(file.path.resolve()) for file in found}
        folders = [root.resolve() for root in roots]
        for path in list(self._files):
            if path not in given and any(Path(path).is_relative_to(folder) for folder in folders):
                self._catalog.forget_file(path)
                del self._files[path]
                self._remove_all(set(self._ids_of[path]))

    def unknown(self, ids: Sequence[str]) -> list[str]:
        """Which of `ids` are no articles of the index."""
        return [article_id for article_id in ids if article_id not in self._stored]

    def remove(self, ids: Sequence[str]) -> None:
        """Remove articles by known id."""
        self._remove_all(set(ids))

    def cut_again(self) -> None:
        """Make every passage anew, with new keys: the base's vectors or terms do not fit any more."""
        for article, path in self._catalog.articles():
            self._drop(article.id)
            self._add(path, article)

    def _read(self, file: InputFile) -> None:
        path = str(file.path.resolve())
        self._unread.discard(path)
        known = self._files.get(path)
        place = content_hash(file.place.paper, str(file.place.date), file.place.number)
        size, mtime_ns = _size_and_time_with_sidecars(file.path)
        current = (
            known is not None
            and known.size != _READ_AGAIN
            and (known.place, known.reader) == (place, READER_VERSION)
        )
        if known and current and (known.size, known.mtime_ns) == (size, mtime_ns):
            self._keep(path, known)
            return
        intake = read_input(file, limits_of(self._settings))
        if known and current and known.hash == intake.content_hash:
            self._keep(path, known)
            return
        refused = (*intake.refused, *self._compare(path, intake))
        self.refused += refused
        entry = FileEntry(
            path, file.name, place, size, mtime_ns, intake.content_hash, READER_VERSION, refused
        )
        lost = any(self._stored[article.id][0] != path for article in intake.articles)
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
        self._release(self._ids_of[path] - {article.id for article in intake.articles})
        for article in intake.articles:
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

    def _keeps(self, path: str) -> bool:
        """Whether an article of this file stays its own: it was read before, or is none of this build's."""
        return path != _NOWHERE and path not in self._unread and os.path.exists(path)  # noqa: PTH110 - never raises

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
