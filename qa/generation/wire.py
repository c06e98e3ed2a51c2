"""The line to an OpenAI-compatible model: text as it comes, within one deadline, or one clear reason why not.

The `openai` client is asynchronous here because only that can be stopped at any moment: a server that sends
a byte a second, or nothing, is left when time is up, and so is one whose reader has gone. One loop in one
thread serves every request; connections are kept between them.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import queue
import threading
import time
from collections.abc import AsyncIterator, Generator, Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from embeddings.errors import GenerationFailed
from embeddings.settings import Settings
from qa.prompts import Message

if TYPE_CHECKING:
    import httpx
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk

REPLY_CHARS_MAX = 12_000
# With every token in an object of its own, a long reply is a hundred times its text.
REPLY_BYTES_MAX = 4 << 20
RETRY_WITHOUT_WORD_S = 1.0
# The loop's own time-out comes first; this is for a loop that cannot get there.
GRACE_S = 1.0
CLOSE_S = 5.0

_Arrived: TypeAlias = "str | GenerationFailed | None"


class Wire:
    """One model at one address. Thread-safe; nothing is imported or opened before the first request."""

    def __init__(self, settings: Settings) -> None:
        self._base_url = settings.llm_base_url
        self._model = settings.llm_model
        self._key = settings.llm_api_key
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: AsyncOpenAI | None = None
        self._thread: threading.Thread | None = None

    def pieces(
        self, messages: Sequence[Message], *, max_tokens: int, deadline: float
    ) -> Generator[str, None, None]:
        """The reply as it is written. `deadline` is a time of `time.monotonic`.

        Closing the iterator ends the request.

        Raises:
            GenerationFailed: the reply could not be had, or not to its end.
        """
        arrived: queue.SimpleQueue[_Arrived] = queue.SimpleQueue()
        running = asyncio.run_coroutine_threadsafe(
            self._talk(messages, max_tokens, deadline, arrived), self._running_loop()
        )
        try:
            while True:
                try:
                    piece = arrived.get(timeout=max(0.0, deadline - time.monotonic()) + GRACE_S)
                except queue.Empty:
                    raise GenerationFailed("timeout") from None
                if isinstance(piece, GenerationFailed):
                    raise piece
                if piece is None:
                    return
                yield piece
        finally:
            running.cancel()

    def warm(self) -> None:
        """Import the client and start the loop, so that the first question does not wait for them."""
        self._running_loop()

    def close(self) -> None:
        """End the loop; a request that runs fails as unreachable."""
        with self._lock:
            loop, self._loop = self._loop, None
            client, self._client = self._client, None
            thread, self._thread = self._thread, None
        if loop is None or client is None or thread is None:
            return
        with suppress(TimeoutError, CancelledError):
            asyncio.run_coroutine_threadsafe(_stop(client), loop).result(timeout=CLOSE_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=CLOSE_S)

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._client = self._new_client()
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=_run, args=(self._loop,), name="llm", daemon=True)
                self._thread.start()
            return self._loop

    def _new_client(self) -> AsyncOpenAI:
        import openai  # slow: only who has a model pays for it

        client = openai.AsyncOpenAI(
            base_url=self._base_url,
            # A local server needs no key, the client does.
            api_key=self._key.get_secret_value() or "none",
            max_retries=0,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [_limit]}),
        )
        client.chat.completions  # noqa: B018 - loads the rest of the package
        return client

    async def _talk(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        deadline: float,
        arrived: queue.SimpleQueue[_Arrived],
    ) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._read(messages, max_tokens, deadline, arrived)
            arrived.put(None)
        except TimeoutError:
            arrived.put(GenerationFailed("timeout"))
        except GenerationFailed as failed:
            arrived.put(failed)
        except asyncio.CancelledError:
            arrived.put(GenerationFailed("unreachable"))
            raise
        except Exception as error:  # noqa: BLE001 - whatever a foreign server makes a client trip over
            arrived.put(GenerationFailed(_reason(error)))

    async def _read(
        self,
        messages: Sequence[Message],
        max_tokens: int,
        deadline: float,
        arrived: queue.SimpleQueue[_Arrived],
    ) -> None:
        stream = await self._open(messages, max_tokens, deadline)
        chars = 0
        try:
            async for piece in _texts(stream):
                chars += len(piece)
                if chars > REPLY_CHARS_MAX:
                    raise GenerationFailed("bad_reply")
                arrived.put(piece)
        finally:
            await stream.close()

    async def _open(
        self, messages: Sequence[Message], max_tokens: int, deadline: float
    ) -> AsyncStream[ChatCompletionChunk]:
        """The stream, asked for again once where the server is busy and there is time to wait as it says."""
        import openai

        try:
            return await self._ask(messages, max_tokens)
        except openai.RateLimitError as error:
            wait = _retry_after(error.response.headers.get("Retry-After"))
            if time.monotonic() + wait >= deadline:
                raise
            await asyncio.sleep(wait)
        return await self._ask(messages, max_tokens)

    async def _ask(self, messages: Sequence[Message], max_tokens: int) -> AsyncStream[ChatCompletionChunk]:
        assert self._client is not None
        told: Any = list(messages)
        # `max_tokens` and not its successor: every compatible server knows it.
        return await self._client.chat.completions.create(
            model=self._model, messages=told, max_tokens=max_tokens, temperature=0.0, stream=True
        )


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _stop(client: AsyncOpenAI) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await client.close()


async def _texts(stream: AsyncStream[ChatCompletionChunk]) -> AsyncIterator[str]:
    """The text of a reply, streamed or, where the server does not stream, whole."""
    kind = stream.response.headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        yield _whole(await stream.response.aread())
        return
    if not kind.startswith("text/event-stream"):
        raise GenerationFailed("bad_reply")
    finished = False
    async for chunk in stream:
        for choice in (chunk.choices or [])[:1]:
            if choice.finish_reason == "content_filter" or choice.delta.refusal:
                raise GenerationFailed("refused")
            if choice.delta.content:
                yield choice.delta.content
            finished = finished or choice.finish_reason is not None
    if not finished:
        raise GenerationFailed("cut_stream")


def _whole(body: bytes) -> str:
    choice = json.loads(body)["choices"][0]
    if choice.get("finish_reason") == "content_filter" or choice["message"].get("refusal"):
        raise GenerationFailed("refused")
    text = choice["message"]["content"]
    if not isinstance(text, str):
        raise GenerationFailed("bad_reply")
    return text


def _reason(error: Exception) -> str:
    import openai

    if isinstance(error, openai.RateLimitError):
        return "rate_limited"
    if isinstance(error, openai.APIStatusError):
        return "server" if error.status_code >= 500 else "refused"
    if isinstance(error, openai.APITimeoutError):
        return "timeout"
    if isinstance(error, openai.APIConnectionError):
        return "unreachable"
    if isinstance(error, _transport_errors()):
        return "cut_stream"
    # The server's own error inside the stream, and everything that is not the protocol.
    return "server" if isinstance(error, openai.APIError) else "bad_reply"


def _transport_errors() -> tuple[type[Exception], ...]:
    import httpx

    return (httpx.TransportError,)


def _retry_after(header: str | None) -> float:
    """Seconds to wait, from seconds or a date."""
    if not header:
        return RETRY_WITHOUT_WORD_S
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return RETRY_WITHOUT_WORD_S


async def _limit(response: httpx.Response) -> None:
    """Let no server fill the memory: a reply that is too long ends in an error."""
    response.stream = _limited(response.stream)


def _limited(stream: Any) -> Any:
    import httpx

    class Limited(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            seen = 0
            async for chunk in stream:
                seen += len(chunk)
                if seen > REPLY_BYTES_MAX:
                    raise GenerationFailed("bad_reply")
                yield chunk

        async def aclose(self) -> None:
            await stream.aclose()

    return Limited()
