"""OpenTelemetry, for who has a collector: a span a request, sent by OTLP over HTTP; `wenbao[otel]`."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any

from flask import Flask

from embeddings.errors import SettingsError
from embeddings.settings import Settings
from qa.server_note import own_version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

UNTRACED = "healthz,readyz,metrics,static/.*"


def trace(app: Flask, settings: Settings) -> TracerProvider | None:
    """Send spans of the requests of `app` to the collector in the settings; what sends them, if there is one.

    Raises:
        SettingsError: there is a collector, and the extra is not installed.
    """
    if not settings.otel_endpoint:
        return None
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.instrumentation.flask import FlaskInstrumentor
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError(
            "设置了 otel_endpoint,但没有安装 OpenTelemetry。", hint='pip install "wenbao[otel]"'
        ) from None
    provider = TracerProvider(
        resource=Resource.create({"service.name": "wenbao", "service.version": own_version()})
    )
    endpoint = settings.otel_endpoint.rstrip("/") + "/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint)))
    atexit.register(provider.shutdown)  # what is not sent yet is sent then
    instrument: Any = FlaskInstrumentor().instrument_app
    instrument(app, tracer_provider=provider, request_hook=_without_query, excluded_urls=UNTRACED)
    return provider


def _without_query(span: Any, environ: dict[str, str]) -> None:
    """A question may stand in an address: spans hold the path alone."""
    for name in ("http.target", "url.path"):
        span.set_attribute(name, environ.get("PATH_INFO", ""))
    for name in ("url.query", "http.url", "url.full"):
        span.set_attribute(name, "")
