"""Connections to Postgres: one asyncpg pool a process, JSON in and out as Python values.

A connection is given back as it was found: no code here leaves settings, listeners or prepared state behind,
which is what lets the pool skip its resetting round trip.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

import asyncpg
import asyncpg.pool
from asyncpg.protocol.protocol import BUILTIN_TYPE_NAME_MAP
from pydantic_core import from_json, to_json

from core.settings import Settings

Record: TypeAlias = asyncpg.Record
Connection: TypeAlias = "asyncpg.Connection[Record] | asyncpg.pool.PoolConnectionProxy[Record]"
OwnConnection: TypeAlias = "asyncpg.Connection[Record]"
"""One that is not the pool's, and may be listened on."""
Pool: TypeAlias = "asyncpg.Pool[Record]"

CONNECT_TIMEOUT_S = 10.0

AWAY: tuple[type[Exception], ...] = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # asyncpg raises it where the server's farewell came between two uses of a connection (MagicStack/asyncpg#1069).
    asyncpg.exceptions.InternalClientError,
)
"""What is raised while Postgres can't be reached, while it stops or starts, and by a connection that it took away."""

DATABASE_FAULTS: tuple[type[Exception], ...] = (*AWAY, asyncpg.PostgresError)
"""All that a statement can raise, for loops that must outlive it."""


ARRAYS = {"bigint": 1016, "bytea": 1001, "int": 1007, "jsonb": 3807, "numeric": 1231, "uuid": 2951}
"""Of which types, beside text, statements take arrays, and the arrays' numbers, which are the same in every Postgres
(its src/include/catalog/pg_type.dat).
"""

ARRAY_TYPES = [
    {
        "oid": oid,
        "ns": "pg_catalog",
        "name": f"_{element}",
        "kind": b"b",
        "basetype": None,
        "elemtype": BUILTIN_TYPE_NAME_MAP[element],
        "elemtype_name": element,
        "elemdelim": ",",
        "range_subtype": None,
        "attrtypoids": None,
    }
    for element, oid in ARRAYS.items()
]
"""What asyncpg would learn of them by a query that takes Postgres longer than the connection did: on every connection,
and again with each statement that has further ones.
"""


async def prepare(connection: Connection) -> None:
    """Make jsonb columns Python values in both directions. NaN is refused by Postgres, which has none in JSON. And say
    what arrays there are; of others asyncpg asks.
    """
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: to_json(value).decode(),  # several times as fast as the standard library
        decoder=from_json,
    )
    # Not before: a new codec makes asyncpg forget what it knows of types.
    cast(Any, connection)._protocol.get_settings().register_data_types(ARRAY_TYPES)


async def _keep_as_is(connection: Connection) -> None:
    """In place of asyncpg's `RESET ALL` and the like after every use."""


def _server_settings(settings: Settings) -> dict[str, str]:
    """A process that froze in mid-transaction holds its locks for one lease more, and not until it wakes: the reaper
    may be waiting for them. In milliseconds (PostgreSQL manual, client connection defaults).
    """
    return {"idle_in_transaction_session_timeout": str(round(settings.lease_s * 1000))}


async def connect(settings: Settings) -> OwnConnection:
    """A connection of one's own, outside the pool: for listening and for long-held locks."""
    connection: OwnConnection = await asyncpg.connect(
        settings.database_url.get_secret_value(),
        timeout=CONNECT_TIMEOUT_S,
        server_settings=_server_settings(settings),
    )
    await prepare(connection)
    return connection


ALWAYS_BY_INDEX = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "enable_bitmapscan": "off"}
"""For whoever asks the same few questions of a queue again and again. Postgres would plan them anew for each call, at
the cost of the query itself; or keep a plan from when the table was empty, and read all of it in the next backlog until
the next ANALYZE. Index scans, unlike bitmap scans, also mark the entries of dead rows: a queue's front is full of them.
"""

IN_ORDER_OF_INDEX = {"enable_bitmapscan": "off"}
"""For whoever reads long ranges page by page. Before the first ANALYZE Postgres takes every range to be short, and
would fetch and sort all of what is left of it for each page.
"""


async def open_pool(settings: Settings, *, size: int | None = None, planning: Mapping[str, str] | None = None) -> Pool:
    """The process's pool; `planning` are further settings of its connections.

    Raises OSError or asyncpg.PostgresError when the database cannot be reached.
    """
    pool: Pool = await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=size or settings.database_pool_size,
        timeout=CONNECT_TIMEOUT_S,
        server_settings=_server_settings(settings) | dict(planning or {}),
        init=prepare,
        reset=_keep_as_is,
    )
    return pool
