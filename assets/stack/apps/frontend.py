"""The frontend: what a browser, or k6, talks to. It keeps nothing; every route asks the backend."""

import asyncio
import logging
import os
import random

import httpx
from fastapi import Request, Response
from fastapi.responses import JSONResponse
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

import service

log = logging.getLogger("frontend")
app = service.make("frontend")
HTTPXClientInstrumentor().instrument()
backend = httpx.AsyncClient(
    base_url=os.environ.get("BACKEND_URL", "http://backend:8080"),
    timeout=30,
    # As many as virtual users may wait at once: a shorter list of connections would be the bottleneck, unseen.
    limits=httpx.Limits(max_connections=256, max_keepalive_connections=64),
)


async def ask(method: str, path: str, **what) -> Response:
    """The backend's answer as ours; 502 when there is none."""
    try:
        answer = await backend.request(method, path, **what)
    except httpx.HTTPError as error:
        log.error("the backend did not answer %s %s: %s", method, path, type(error).__name__)
        return JSONResponse({"detail": "the backend does not answer"}, 502)
    return Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))


@app.get("/")
async def index():
    return await ask("GET", "/api/visits")


@app.get("/simulate")
async def simulate():
    """A visitor at work: a few items are stored and read again, side by side."""
    keys = [f"simulated-{random.randrange(1000)}" for _ in range(3)]
    stored = await asyncio.gather(*(ask("PUT", f"/api/items/{key}", json={"value": "simulated"}) for key in keys))
    read = await asyncio.gather(*(ask("GET", f"/api/items/{key}") for key in keys))
    failed = [answer.status_code for answer in (*stored, *read) if answer.status_code >= 400]
    log.info("simulated a visitor: %d requests, %d failed", len(stored) + len(read), len(failed))
    return JSONResponse({"requests": len(stored) + len(read), "failed": len(failed)}, 502 if failed else 200)


@app.api_route("/api/items", methods=["GET", "POST"])
async def items(request: Request):
    return await forward(request)


@app.api_route("/api/items/{key}", methods=["GET", "PUT", "DELETE"])
async def item(request: Request, key: str):
    return await forward(request)


@app.get("/api/slow")
async def slow(request: Request):
    return await forward(request)


async def forward(request: Request) -> Response:
    headers = {"content-type": request.headers["content-type"]} if "content-type" in request.headers else {}
    return await ask(request.method, request.url.path, content=await request.body(), headers=headers)
