"""Traces, metrics and logs of the demo's two services: how they are made and where they go. Knows nothing of their routes.

Traces, metrics and logs go by OTLP over HTTP to the agent on the same node. Each log record is also a line of JSON on standard
output, in the Elastic Common Schema, where `kubectl logs` and the agent's file reader find it.

A record must not be stored twice. With OTEL_LOGS_EXPORTER=otlp it is sent, and its line says so (`labels.sent_over`): the agent
then leaves the line alone. With OTEL_LOGS_EXPORTER=none only the line exists, and the agent reads it.

The variables are OpenTelemetry's own: OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_EXPORTER_OTLP_ENDPOINT,
OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE, OTEL_METRIC_EXPORT_INTERVAL, OTEL_LOGS_EXPORTER.
"""

import json
import logging
import os
import sys
import traceback
from datetime import datetime, timezone

from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger_provider, set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

SENDS_LOGS = os.environ.get("OTEL_LOGS_EXPORTER", "otlp") == "otlp"


class EcsJson(logging.Formatter):
    """A log record as one line of JSON with the field names of the Elastic Common Schema."""

    def __init__(self, resource: Resource):
        super().__init__()
        of = resource.attributes.get
        self.always = {
            "ecs.version": "8.11.0",
            "service.name": of("service.name"),
            "service.version": of("service.version"),
            "service.environment": of("deployment.environment.name"),
            "event.dataset": f"{of('service.name')}.log",
        }
        if SENDS_LOGS:
            self.always["labels.sent_over"] = "otlp"

    def format(self, record: logging.LogRecord) -> str:
        # strftime has no fraction of a second; isoformat has.
        when = datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="microseconds")
        line = {
            "@timestamp": when.replace("+00:00", "Z"),
            "log.level": record.levelname,
            "message": record.getMessage(),
            "log.logger": record.name,
        }
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            line["trace.id"] = trace.format_trace_id(span.trace_id)
            line["span.id"] = trace.format_span_id(span.span_id)
        if record.exc_info and record.exc_info[0]:
            line["error.type"] = record.exc_info[0].__name__
            line["error.message"] = str(record.exc_info[1])
            line["error.stack_trace"] = "".join(traceback.format_exception(*record.exc_info))
        return json.dumps({**line, **self.always}, ensure_ascii=False)


class Dataset(logging.Filter):
    """Adds `event.dataset` to what is sent over OTLP; the line of JSON has it already."""

    def __init__(self, service: str):
        super().__init__()
        self.dataset = f"{service}.log"

    def filter(self, record: logging.LogRecord) -> bool:
        setattr(record, "event.dataset", self.dataset)
        return True


def start() -> Resource:
    """Sets the three providers and the root logger up. Called once, before the application is made."""
    resource = Resource.create()

    tracers = TracerProvider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(tracers)

    metrics.set_meter_provider(MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource))

    lines = logging.StreamHandler(sys.stdout)
    lines.setFormatter(EcsJson(resource))
    handlers = [lines]
    loggers = LoggerProvider(resource=resource)
    set_logger_provider(loggers)
    if SENDS_LOGS:
        loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
        sent = LoggingHandler(logger_provider=loggers)
        sent.addFilter(Dataset(str(resource.attributes["service.name"])))
        handlers.append(sent)

    # Both handlers in one call: a later `handlers = [...]` would silently drop one of them.
    logging.basicConfig(level=logging.INFO, handlers=handlers, force=True)
    # Its lines about each request and each export would belong to no trace, or report their own sending.
    for noisy in ("httpx", "httpcore", "urllib3", "uvicorn"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    return resource


def stop() -> None:
    """Sends what is still held. Called once, when the service ends, and not left to the SDK's exit handlers: uvicorn ends by the
    signal that it got, and then they are not called."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider(), get_logger_provider()):
        provider.shutdown()
