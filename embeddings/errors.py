"""The error tree. Every error a caller can meet is one of these.

    WenbaoError
      CallerError            the caller can mend it (exit code 2)
        SettingsError        an unknown or badly typed setting
        QuestionError        a question, query or filter that cannot be used
        NotFoundError        no such article, conversation, snapshot
        InputRefused         a file or a line that cannot be indexed; the rest goes on
        GeneratorUnavailable generative mode without a configured model
      ServiceError           ours, or the machine's (exit code 1)
        GenerationFailed     the language model did not give an answer that holds
        ModelUnavailable     the embedding model cannot be had
        IndexMissing         nothing has been built yet
        IndexMismatch        the index was made with another model or format
        IndexDamaged         a file of the snapshot fails its checksum or count
        IndexBusy            another build holds the lock

`code` is stable and for programs; `message` and `hint` are for people, carry no path of the
server, no traceback and no secret, and the hint says what to do next. The HTTP status of each
class lives in `web/errors.py` alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class WenbaoError(Exception):
    """Root of the tree: a `code`, a `message` safe to show, and a `hint` (may be empty)."""

    code = "error"

    def __init__(self, message: str, *, hint: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class CallerError(WenbaoError):
    """The caller can mend it."""

    code = "bad_request"


class SettingsError(CallerError):
    """A setting is unknown, or its value has the wrong type or range."""

    code = "bad_setting"


class KeyNeeded(CallerError):
    """The service wants a key, and none of its own was given."""

    code = "key_needed"


class AccessDenied(CallerError):
    """The key, or the place that is called from, does not allow it."""

    code = "access_denied"


class Overloaded(WenbaoError):
    """Too much is asked at once; `retry_after_s` says when to come back."""

    code = "overloaded"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__("现在提问的人太多。", hint=f"请在 {retry_after_s} 秒后再试。")
        self.retry_after_s = retry_after_s


class QuestionError(CallerError):
    """The question, query or filter cannot be used as it stands."""

    code = "bad_question"


class NotFoundError(CallerError):
    """What the caller named does not exist."""

    code = "not_found"


class InputRefused(CallerError):
    """One input (a file, or one line of a file) cannot be indexed."""

    code = "refused"


class GeneratorUnavailable(CallerError):
    """Generative mode was asked for and no language model is configured."""

    code = "generator_unavailable"


class ServiceError(WenbaoError):
    """Our fault or the machine's."""

    code = "service_error"


class GenerationFailed(ServiceError):
    """The language model did not give an answer that holds; `reason` is one of `REASONS`."""

    REASONS: Mapping[str, str] = MappingProxyType(
        {
            "unreachable": "连不上大语言模型。",
            "timeout": "大语言模型没有在限定的时间里答完。",
            "rate_limited": "大语言模型的请求太多，暂时不接受新的问题。",
            "server": "大语言模型的服务出错。",
            "cut_stream": "大语言模型的回答中断了。",
            "refused": "大语言模型拒绝了这个请求。",
            "no_citation": "大语言模型的回答没有一句能由报道证实。",
            "bad_reply": "大语言模型的回复不合规范。",
        }
    )

    def __init__(self, reason: str) -> None:
        super().__init__(
            self.REASONS[reason], hint="可稍后再试，或把 mode 改为 extractive。", code=f"generator_{reason}"
        )
        self.reason = reason


class ModelUnavailable(ServiceError):
    """The embedding model cannot be loaded."""

    code = "model_unavailable"


class IndexMissing(ServiceError):
    """There is no published snapshot."""

    code = "index_missing"


class IndexMismatch(ServiceError):
    """The snapshot was made with another model, other passage parameters or a newer format."""

    code = "index_mismatch"


class IndexDamaged(ServiceError):
    """A file of the snapshot is missing, or fails its checksum or count."""

    code = "index_damaged"


class IndexBusy(ServiceError):
    """Another process is building this index."""

    code = "index_busy"
