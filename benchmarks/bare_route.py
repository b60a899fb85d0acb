"""The floor of a submit: a FastAPI route that checks a small body and does one insert with the same driver."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI, Request
from pydantic import BaseModel

from core.database.pool import prepare
from core.ids import new_id


class Body(BaseModel):
    """As much as a job has."""

    agent: str
    input: dict[str, Any]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """A pool like the service's."""
    app.state.pool = await asyncpg.create_pool(os.environ["DATABASE_URL"], min_size=1, max_size=10, init=prepare)
    await app.state.pool.execute(
        "CREATE TABLE IF NOT EXISTS bare (id uuid PRIMARY KEY, agent text NOT NULL, input jsonb NOT NULL, "
        "created_at timestamptz NOT NULL DEFAULT now())"
    )
    yield
    app.state.pool.terminate()


app = FastAPI(lifespan=lifespan)


@app.post("/bare", status_code=202)
async def bare(body: Body, request: Request) -> dict[str, str]:
    """One insert."""
    row_id = new_id()
    await request.app.state.pool.execute(
        "INSERT INTO bare (id, agent, input) VALUES ($1, $2, $3)", row_id, body.agent, body.input
    )
    return {"id": str(row_id)}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="warning", access_log=False)
