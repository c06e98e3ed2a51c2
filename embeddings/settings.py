"""Settings: environment (`WENBAO_…`) > `wenbao.toml` in the working folder > default.

An unknown key or a value of the wrong type is refused with the name of the nearest setting.
Nothing here is read at import: call `load_settings`.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from embeddings.errors import SettingsError

PREFIX = "WENBAO_"
CONFIG_FILE = "wenbao.toml"


class Settings(BaseSettings):
    """Every setting, its default and its meaning. The README's table is checked against this."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, toml_file=CONFIG_FILE, extra="forbid", frozen=True, validate_default=True
    )

    data: Annotated[Path, Field(description="folder of the index and the chat store")] = Path("var")
    cache: Annotated[Path, Field(description="folder of the built-in model, made once")] = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("wenbao"))
    )
    model: Annotated[
        str, Field(min_length=1, description="`builtin`, a sentence-transformers name, or a folder")
    ] = "builtin"
    query_prompt: Annotated[
        str | None, Field(description="text put before a question; unset: the model's own")
    ] = None
    passage_prompt: Annotated[
        str | None, Field(description="text put before a passage; unset: the model's own")
    ] = None
    reranker: Annotated[
        str,
        Field(
            description="a cross-encoder (sentence-transformers name or folder) that looks at the first hits"
        ),
    ] = ""
    precision: Annotated[
        Literal["auto", "int8", "bfloat16", "float32"],
        Field(description="arithmetic of the model; `auto`: the fastest the processor has"),
    ] = "auto"
    batch_size: Annotated[int, Field(ge=1, le=1024, description="passages embedded together")] = 16
    passage_chars: Annotated[
        int, Field(ge=80, le=1000, description="length a passage aims at, in characters")
    ] = 280
    passage_chars_max: Annotated[
        int, Field(ge=100, le=2000, description="length no passage exceeds, in characters")
    ] = 350
    max_file_bytes: Annotated[int, Field(ge=1024, description="larger input files are refused")] = 32 << 20
    max_file_pages: Annotated[
        int, Field(ge=1, le=10_000, description="PDFs and scans with more pages are refused")
    ] = 200
    read_timeout_s: Annotated[
        int, Field(ge=1, le=3600, description="seconds one PDF, scan or Word file may take to read")
    ] = 120
    max_question_chars: Annotated[
        int, Field(ge=10, le=20_000, description="longer questions are refused")
    ] = 1000
    keep_snapshots: Annotated[int, Field(ge=1, le=100, description="published indexes kept on disk")] = 3
    host: Annotated[str, Field(description="address `wenbao serve` listens on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="port `wenbao serve` listens on")] = 8000
    threads: Annotated[int, Field(ge=1, le=64, description="requests answered at the same time")] = 16
    request_timeout_s: Annotated[
        int, Field(ge=1, le=600, description="how long running requests may take at shutdown")
    ] = 60
    queue: Annotated[
        int, Field(ge=0, le=1000, description="questions that may wait for their turn; more get a 503")
    ] = 64
    queue_wait_s: Annotated[
        float, Field(ge=0, le=120, description="seconds a question waits at most for its turn")
    ] = 15.0
    rate_limit: Annotated[
        str, Field(description="questions and searches per key or address; loopback is not limited")
    ] = "120/minute"
    api_keys: Annotated[
        SecretStr,
        Field(description="`name:scope:hash …` as `wenbao key` writes them; scopes `read`, `admin`"),
    ] = SecretStr("")
    public: Annotated[
        bool, Field(description="let everybody read without a key; else only clients on this machine may")
    ] = False
    hostnames: Annotated[
        str, Field(description="names by which clients reach the service, beside localhost and addresses")
    ] = ""
    trusted_proxies: Annotated[
        int, Field(ge=0, le=5, description="reverse proxies in front, whose `X-Forwarded-…` is believed")
    ] = 0
    cors_origins: Annotated[
        str, Field(description="origins whose pages may use the API, such as `https://news.example.org`")
    ] = ""
    max_upload_bytes: Annotated[
        int, Field(ge=1 << 20, le=8 << 30, description="largest upload of pages by an administrator")
    ] = 256 << 20
    chat_days: Annotated[
        int, Field(ge=0, le=3650, description="days a conversation is kept after its last use; 0: for ever")
    ] = 90
    log_format: Annotated[Literal["text", "json"], Field(description="how the server's log is written")] = (
        "text"
    )
    log_questions: Annotated[bool, Field(description="write questions into the log of slow answers")] = False
    slow_s: Annotated[
        float, Field(ge=0, le=600, description="answers that take longer are logged with their timings")
    ] = 2.0
    otel_endpoint: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s@]+)?$",
            description="OTLP/HTTP collector that traces go to (needs `wenbao[otel]`)",
        ),
    ] = ""
    min_confidence: Annotated[
        float, Field(ge=0, le=1, description="below it the answer is “the papers do not say”")
    ] = 0.15
    llm_base_url: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^\s@]+)?$", description="address of an OpenAI-compatible model; empty: none"
        ),
    ] = ""
    llm_model: Annotated[str, Field(max_length=200, description="name of the model at that address")] = ""
    llm_api_key: Annotated[
        SecretStr, Field(description="key for that address; better given by the environment")
    ] = SecretStr("")
    llm_timeout_s: Annotated[
        float, Field(ge=1, le=600, description="seconds the model may take for one answer, all in all")
    ] = 30.0
    llm_max_tokens: Annotated[
        int, Field(ge=50, le=8000, description="tokens the model may write for one answer")
    ] = 800

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment, then the file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _model_has_an_address(self) -> Settings:
        if bool(self.llm_base_url) != bool(self.llm_model):
            raise ValueError("llm_base_url and llm_model are set together, or neither is")
        return self

    @model_validator(mode="after")
    def _passage_lengths_fit(self) -> Settings:
        if self.passage_chars > self.passage_chars_max:
            raise ValueError("passage_chars must not exceed passage_chars_max")
        return self


def load_settings(**given: Any) -> Settings:
    """Read the settings; `given` (arguments of the command line) wins, `None` means not given.

    Raises:
        SettingsError: an unknown key, a wrong type or range, or a file that is not TOML.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        raise SettingsError(_describe(error), hint=_hint(error)) from None
    except ValueError as error:  # the TOML reader's own
        raise SettingsError(f"{CONFIG_FILE} 不是合法的 TOML:{error}", hint="请修正该文件。") from None


def _refuse_unknown_variables() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in known:
            raise SettingsError(f"没有名为 {name} 的设置。", hint=_nearest(name.upper(), known))


def _describe(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False):
        name = ".".join(str(part) for part in item["loc"]) or "settings"
        parts.append(f"{name}: {item['msg']}")
    return "设置有误:" + "; ".join(parts)


def _hint(error: ValidationError) -> str:
    for item in error.errors(include_url=False):
        if item["type"] == "extra_forbidden":
            return _nearest(str(item["loc"][0]), set(Settings.model_fields))
    return f"设置来自环境变量 {PREFIX}…、{CONFIG_FILE} 或命令行;见 README 的设置表。"


def _nearest(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"是不是想写 {close[0]}?" if close else "见 README 的设置表。"
