"""`POST /v1/analyze` over HTTP: at once, without a database, and in the words of all routes for what is wrong."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from api.problems import answer_with_problems
from api.programs.endpoints import router
from api.routing import add_routes


def client() -> httpx.AsyncClient:
    app = FastAPI()
    add_routes(app, router)
    answer_with_problems(app)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")


async def test_a_program_is_looked_through() -> None:
    async with client() as asked:
        answer = await asked.post("/v1/analyze", json={"code": "import math\nn = input('How many? ')\nopen('a.txt')"})
    assert answer.json() == {
        "syntax_error": None,
        "imports": ["math"],
        "inputs": [{"line": 2, "prompt": "How many?"}],
        "draws": False,
        "reads_files": ["a.txt"],
    }


async def test_one_that_does_not_parse_is_no_bad_request() -> None:
    async with client() as asked:
        answer = await asked.post("/v1/analyze", json={"code": "if x"})
    assert answer.status_code == 200
    assert answer.json()["syntax_error"] == {"message": "expected ':'", "line": 1, "column": 5}


async def test_what_is_no_program_is_refused() -> None:
    async with client() as asked:
        for body in ({}, {"code": 1}, {"code": "x", "more": 1}, {"code": "\x00"}, {"code": "x" * 200_001}):
            assert (await asked.post("/v1/analyze", json=body)).status_code == 422, body
