"""One of the demo's services with counters at its exits: `uvicorn counted:app`. The service is the one that OTEL_SERVICE_NAME names.

What a service makes is counted where it is made, apart from the SDK's exporters: spans as they end, log records as they are logged,
metric points as they are handed to the exporter. At the end the sums go into the file that COUNTS names.
"""

import importlib
import json
import logging
import os

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.trace import SpanProcessor

import telemetry

made = {"spans": 0, "points": 0, "records": 0}
export = OTLPMetricExporter.export


def counted_export(self, metrics_data, *args, **kwargs):
    for resource in metrics_data.resource_metrics:
        for scope in resource.scope_metrics:
            made["points"] += sum(len(metric.data.data_points) for metric in scope.metrics)
    return export(self, metrics_data, *args, **kwargs)


class Spans(SpanProcessor):
    def on_end(self, span):
        made["spans"] += span.context.trace_flags.sampled


class Records(logging.Handler):
    def emit(self, record):
        made["records"] += 1


# Not at exit: uvicorn ends by the signal that it got, and Python's exit handlers are not called.
def counted_stop(stop=telemetry.stop):
    stop()
    with open(os.environ["COUNTS"], "w") as file:
        json.dump(made, file)


OTLPMetricExporter.export = counted_export
telemetry.stop = counted_stop
app = importlib.import_module(os.environ["OTEL_SERVICE_NAME"]).app
trace.get_tracer_provider().add_span_processor(Spans())
logging.getLogger().addHandler(Records())
