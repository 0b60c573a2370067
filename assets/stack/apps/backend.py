"""The backend: items in Redis, and one slow route."""

import asyncio
import logging
import os
import random

from fastapi import HTTPException
from fastapi.responses import JSONResponse
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.utils import suppress_instrumentation
from pydantic import BaseModel, Field
from redis.asyncio import Redis
from redis.exceptions import RedisError

import service

log = logging.getLogger("backend")
RedisInstrumentor().instrument()
app = service.make("backend")
redis = Redis.from_url(os.environ.get("REDIS_URL", "redis://redis:6379/0"), decode_responses=True, socket_timeout=5, max_connections=256)
# An item is forgotten after this time, so that a load without end does not fill the memory.
KEPT_S = 600


class Value(BaseModel):
    value: str = Field(max_length=1000)


class Item(Value):
    key: str = Field(min_length=1, max_length=100)


def name(key: str) -> str:
    return f"item:{key}"


@app.exception_handler(RedisError)
async def no_redis(_, error: RedisError):
    log.error("Redis does not answer: %s", error)
    return JSONResponse({"detail": "Redis does not answer"}, 503)


@app.get("/api/visits")
async def visits():
    return {"visits": await redis.incr("visits")}


@app.get("/api/items")
async def list_items():
    return {"keys": sorted([key.removeprefix("item:") async for key in redis.scan_iter("item:*", count=1000)])[:100]}


@app.post("/api/items", status_code=201)
async def create(item: Item):
    await redis.set(name(item.key), item.value, ex=KEPT_S)
    return item


@app.get("/api/items/{key}")
async def read(key: str) -> Item:
    value = await redis.get(name(key))
    if value is None:
        raise HTTPException(404, f"there is no item {key}")
    return Item(key=key, value=value)


@app.put("/api/items/{key}")
async def update(key: str, value: Value) -> Item:
    await redis.set(name(key), value.value, ex=KEPT_S)
    return Item(key=key, value=value.value)


@app.delete("/api/items/{key}", status_code=204)
async def delete(key: str):
    if not await redis.delete(name(key)):
        raise HTTPException(404, f"there is no item {key}")


@app.get("/api/slow")
async def slow():
    """Slow on purpose, and not by work: its latency shows in traces, and not in CPU."""
    seconds = random.uniform(0.2, 0.6)
    await asyncio.sleep(seconds)
    log.info("slept for %.0f ms", seconds * 1000)
    return {"slept": round(seconds, 3), "visits": await redis.get("visits")}


@app.get("/readyz", include_in_schema=False)
async def readyz():
    """Ready only while Redis answers: without it every route fails. Without a span: a trace every few seconds, of a PING alone."""
    with suppress_instrumentation():
        await redis.ping()
    return {"status": "ready"}
