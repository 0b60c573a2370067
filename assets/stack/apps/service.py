"""What both services share: an application whose requests are traced, counted, timed and logged, with a health route."""

import logging
import time
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from opentelemetry import metrics
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor

import telemetry

log = logging.getLogger("request")
# What the kubelet asks, every few seconds: neither traced, counted nor logged, or it would be most of an idle system's telemetry.
PROBES = ("/healthz", "/readyz")


def make(title: str, **options) -> FastAPI:
    telemetry.start()

    @asynccontextmanager
    async def lifespan(_: FastAPI):
        yield
        telemetry.stop()

    app = FastAPI(title=title, lifespan=lifespan, **options)
    meter = metrics.get_meter("demo")
    requests = meter.create_counter("demo.requests", unit="{request}", description="Requests by route and status")
    seconds = meter.create_histogram(
        "demo.request.duration",
        unit="s",
        description="Time to answer a request",
        explicit_bucket_boundaries_advisory=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    )

    @app.middleware("http")
    async def observe(request: Request, call_next):
        if request.url.path in PROBES:
            return await call_next(request)
        began = time.perf_counter()
        try:
            answer = await call_next(request)
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            raise
        took = time.perf_counter() - began
        # The route's pattern, not the path: one series a route, and not one a key.
        route = getattr(request.scope.get("route"), "path", "none")
        labels = {"http.route": route, "http.request.method": request.method, "http.response.status_code": answer.status_code}
        requests.add(1, labels)
        seconds.record(took, labels)
        level = logging.INFO if answer.status_code < 400 else logging.WARNING if answer.status_code < 500 else logging.ERROR
        log.log(level, "%s %s %d in %.0f ms", request.method, request.url.path, answer.status_code, took * 1000)
        return answer

    @app.get("/healthz", include_in_schema=False)
    async def healthz():
        return {"status": "ok"}

    # The spans for `receive` and `send` say nothing that the request's own does not.
    FastAPIInstrumentor.instrument_app(app, excluded_urls=",".join(PROBES), exclude_spans=["receive", "send"])
    return app
