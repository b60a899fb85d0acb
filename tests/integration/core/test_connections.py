"""A connection knows the types of all statements beforehand."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from core.database.pool import ARRAYS, connect
from core.settings import Settings

ROOT = Path(__file__).parents[3]
VALUES = {
    "bigint": 2**40,
    "bytea": b"\x00\xff",
    "int": -7,
    "jsonb": {"a": [1, None]},
    "numeric": Decimal("0.1"),
    "uuid": UUID(int=5),
}


async def test_an_array_goes_there_and_back_and_nobody_asks_what_it_is(settings: Settings) -> None:
    connection = await connect(settings)
    statements = {f"SELECT $1::{element}[]": [value, None] for element, value in VALUES.items()}
    asked: list[str] = []
    try:
        with connection.query_logger(lambda record: asked.append(record.query)):
            for statement, array in statements.items():
                assert await connection.fetchval(statement, array) == array
            await asyncio.sleep(0)  # what was asked is told in the loop's next round
    finally:
        await connection.close()
    assert asked == list(statements)


def test_all_arrays_of_statements_are_known() -> None:
    texts = [path.read_text() for folder in ("api", "core", "workers") for path in (ROOT / folder).rglob("*.py")]
    taken = {element for text in texts for element in re.findall(r"\$\d+::(\w+)\[\]", text)}
    assert taken == {*ARRAYS, "text"}
    assert set(ARRAYS) == set(VALUES)
