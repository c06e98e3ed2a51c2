"""Keys to the service: random tokens, of which the settings hold names, scopes and hashes only.

    WENBAO_API_KEYS="desk:read:9f86… chief:admin:60303a…"

A key has 256 random bits, so that one SHA-256 is as good as a slow hash: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from embeddings.errors import SettingsError

PREFIX = "wb_"
_ENTRY = re.compile(r"([A-Za-z0-9._-]{1,40}):(read|admin):([0-9a-f]{64})")


class Scope(StrEnum):
    """What a key allows; `admin` allows to read too."""

    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as the settings know it."""

    name: str
    scope: Scope
    hash: str

    def allows(self, scope: Scope) -> bool:
        """Whether the key's holder may do what needs `scope`."""
        return self.scope is Scope.ADMIN or self.scope is scope

    def entry(self) -> str:
        """The key as it stands in the settings."""
        return f"{self.name}:{self.scope}:{self.hash}"


def new_key(name: str, scope: Scope) -> tuple[str, Key]:
    """A new key: what its holder sends, and what the settings keep.

    Raises:
        SettingsError: the name cannot stand in the settings.
    """
    token = PREFIX + secrets.token_urlsafe(32)
    key = Key(name, scope, hash_of(token))
    if not _ENTRY.fullmatch(key.entry()):
        raise SettingsError("密钥的名称只能用字母、数字、点、横线和下划线。", hint="换一个名称。")
    return token, key


def hash_of(token: str) -> str:
    """The hash by which a key is known."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def parse_keys(text: str) -> tuple[Key, ...]:
    """The keys of a setting.

    Raises:
        SettingsError: it does not read as keys; what it holds is not repeated.
    """
    keys = []
    for place, entry in enumerate(re.split(r"[\s,]+", text.strip()) if text.strip() else (), start=1):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise SettingsError(
                f"WENBAO_API_KEYS 的第 {place} 项不合格式。", hint="用 wenbao key 生成,照原样填入。"
            )
        keys.append(Key(match[1], Scope(match[2]), match[3]))
    if len({key.name for key in keys}) < len(keys):
        raise SettingsError("WENBAO_API_KEYS 里有重名的密钥。", hint="每个密钥用不同的名称。")
    return tuple(keys)


def find_key(token: str, keys: Iterable[Key]) -> Key | None:
    """The key that a token is, compared with all of them in the same time, whichever it is."""
    wanted = hash_of(token)
    found = None
    for key in keys:
        if hmac.compare_digest(wanted, key.hash):
            found = key
    return found
