"""The tenant walk: every operation of the OpenAPI document, and every message of every WebSocket, sent by whoever must
not get anywhere with it.

What is added later is walked without being named here: routes are taken from the document, and messages from the union
`INCOMING` in the module `messages` beside a WebSocket's endpoint. What has to be named is short: the operations that
ask nobody, those that ask for no scope, and how to come by a thing of each kind that an address or a body can name.
"""

from __future__ import annotations

import importlib
import io
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from job_life import Life
from services import PLAIN, Program, Service, problem_of
from shapes import Place, Shapes, put
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create_app
from core.access import keys, tenants, tokens
from core.access.operator import OPERATOR
from core.access.principal import Scope
from core.access.tokens import Kind
from core.database.pool import Pool
from core.files import repository as files
from core.ids import Prefix, encode
from core.jobs import artifacts
from core.sessions import repository as sessions
from core.settings import Settings
from embedded.children import pause_between_looks
from embedded.redis import RedisServer

OPEN = {("get", "/healthz"), ("get", "/readyz"), ("post", "/v1/sign-in")}
"""Operations that ask nobody who they are."""
OPEN_AND_UNDOCUMENTED = {"/v1/openapi.json"}
FOR_ANYBODY_KNOWN = {("get", "/v1/me"), ("post", "/v1/sign-out")}
"""Operations that ask for no scope."""
THEIR_OWN = {"request_id", "custom_id"}
"""Members that end like the name of an id, and are names that clients give."""
ADMIN = "/v1/admin/"


# --- what the document says -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """One of the document: a method on a path."""

    method: str
    path: str
    about: dict[str, Any] = field(compare=False)
    document: dict[str, Any] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def name(self) -> tuple[str, str]:
        return self.method, self.path

    @property
    def in_path(self) -> list[str]:
        """Names of the things that the path speaks of."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def in_query(self) -> list[str]:
        return [one["name"] for one in self.about.get("parameters", ()) if one["in"] == "query"]

    @property
    def takes_idempotency_key(self) -> bool:
        return any(one["name"].lower() == "idempotency-key" for one in self.about.get("parameters", ()))

    @property
    def scopes(self) -> list[str] | None:
        """What is needed of whoever sends a bearer credential; None: the document asks for none."""
        return self.about["security"][0]["bearer"] if "security" in self.about else None

    @property
    def body(self) -> dict[str, Any] | None:
        """The schema of its JSON body."""
        content = self.about.get("requestBody", {}).get("content", {})
        schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
        return schema

    @property
    def ids_in_body(self) -> list[Place]:
        """Where its body has room for the id of something."""
        return [] if self.body is None else ids_in(Shapes(self.document), self.body)

    def request(self, things: Mapping[str, str], reaching: Mapping[Place, str] | None = None) -> dict[str, Any]:
        """What to send: to these things, with the least body that is accepted, and the ids that it reaches for."""
        for name in self.in_path:
            assert name in things, f"{self}: teach `cast` how to come by a {name!r}, so that it can be walked"
        made: dict[str, Any] = {
            "method": self.method,
            "url": re.sub(r"{(\w+)}", lambda name: things[name[1]], self.path),
        }
        kinds = self.about.get("requestBody", {}).get("content", {})
        if self.body is not None:
            made["json"] = Shapes(self.document).example(self.body)
            for place, thing in (reaching or {}).items():
                made["json"] = put(made["json"], place, thing)
        elif "multipart/form-data" in kinds:
            made["files"] = [("file", ("walked.txt", b"x"))]
        elif self.method == "put":
            made["content"] = b"x"
        return made


def ids_in(shapes: Shapes, schema: Mapping[str, Any]) -> list[Place]:
    """Where it has room for the id of something of ours, each once."""
    return sorted(
        {place for place in shapes.places(schema) if place[-1].endswith("_id") and place[-1] not in THEIR_OWN}
    )


def operations() -> list[Operation]:
    """All of them; what deletes comes last, and what it is in after it."""
    document = create_app(Settings(auth="keys")).openapi()
    found = [
        Operation(method, path, about, document)
        for path, item in document["paths"].items()
        for method, about in item.items()
    ]
    return sorted(found, key=lambda one: (one.method == "delete", -len(one.in_path)))


OPERATIONS = operations()
GUARDED = [one for one in OPERATIONS if one.name not in OPEN]
OF_USERS = [one for one in GUARDED if not one.path.startswith(ADMIN) and one.name not in FOR_ANYBODY_KNOWN]


def test_there_is_much_to_walk_and_the_exceptions_are_there() -> None:
    names = {one.name for one in OPERATIONS}
    assert names >= OPEN | FOR_ANYBODY_KNOWN
    assert len(OF_USERS) > 15
    assert len([one for one in GUARDED if one.path.startswith(ADMIN)]) > 5


def test_no_route_of_the_api_is_missing_in_the_document() -> None:
    routes = {route.path for route in create_app(Settings()).routes if isinstance(route, Route)}
    documented = {re.sub(r"{(\w+)}", r"{\1}", one.path) for one in OPERATIONS}
    undocumented = {path for path in routes if re.sub(r":\w+}", "}", path) not in documented and path != "/"}
    assert undocumented == OPEN_AND_UNDOCUMENTED


# --- who is there -----------------------------------------------------------------------------------------


@dataclass
class Cast:
    """An API process, somebody who owns one thing of each kind, and those who own none of them."""

    url: str
    owner: str
    stranger: str
    admin_without_work: str
    worker_without_admin: str
    things: dict[str, str]
    pool: Pool
    owner_id: UUID
    log: Path

    def send(self, key: str | None, request: dict[str, Any], **headers: str) -> httpx.Response:
        """The answer; of a stream, which may have no end, its beginning."""
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        with (
            httpx.Client(base_url=self.url, timeout=60, **PLAIN) as visitor,
            visitor.stream(**request, headers=headers) as answer,
        ):
            if answer.headers.get("content-type", "").startswith("text/event-stream"):
                beginning = next(answer.iter_bytes())
                return httpx.Response(answer.status_code, content=beginning, request=answer.request)
            answer.read()
            return answer

    async def all_that_is_owned(self) -> str:
        """All rows of the owner, as they are now."""
        tables = ("sessions", "jobs", "files", "blobs")
        found = [
            await self.pool.fetchval(
                f"SELECT coalesce(jsonb_agg(t ORDER BY id), '[]'::jsonb)::text FROM {table} t WHERE tenant_id = $1",
                self.owner_id,
            )
            for table in tables
        ]
        owned = json.dumps(found)
        assert "null" in owned, "something is owned"
        return owned


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cast(
    pool: Pool, database: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Cast]:
    folder = tmp_path_factory.mktemp("walk")
    made: list[str] = []
    async with pool.acquire() as connection:
        owner, stranger = [
            await tenants.create(connection, OPERATOR, name) for name in ("the owner's tenant", "the stranger's tenant")
        ]
        for tenant, scopes in (
            (owner, {Scope.USER}),
            (stranger, {Scope.USER}),
            (owner, {Scope.ADMIN}),
            (owner, {Scope.USER}),
        ):
            key, secret = await keys.create(connection, OPERATOR, tenant.id, "a key", frozenset(scopes))
            made.append(secret)
    session = await sessions.create(pool, owner.id, "the owner's")
    await files.put(pool, owner.id, session.id, "of-owner.txt", io.BytesIO(b"the owner's"))
    life = Life(pool, "execute")
    claim = await life.running(tenant_id=owner.id, session_id=session.id, input={"code": "pass"})
    assert await artifacts.keep(pool, claim, "figure-1.png", "image/png", io.BytesIO(b"the owner's"))
    await life.end(claim)
    things = {
        "session_id": encode(Prefix.SESSION, session.id),
        "job_id": encode(Prefix.JOB, claim.id),
        "path": "of-owner.txt",
        "name": "figure-1.png",
        "tenant_id": encode(Prefix.TENANT, owner.id),
        "key_id": encode(Prefix.KEY, key.id),
    }
    service = Service(folder, database, redis_server.url, ACI_AUTH="keys")
    api = service.run("api", "-m", "api")
    try:
        _wait_for(api, service)
        yield Cast(service.url, *made, things, pool, owner.id, api.log)
    finally:
        service.shut_down()


def _wait_for(api: Program, service: Service) -> None:
    while not service.readiness():
        assert api.running, service.logs()
        pause_between_looks()


# --- the walk ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", GUARDED, ids=str)
async def test_nobody_gets_anywhere(operation: Operation, cast: Cast) -> None:
    assert operation.scopes is not None
    for key in (None, "x", tokens.draw(Kind.KEY)):
        answer = cast.send(key, operation.request(cast.things))
        assert answer.status_code == 401, answer.text
        problem_of(answer)


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.name in OPEN], ids=str)
async def test_the_open_ones_ask_nobody(operation: Operation, cast: Cast) -> None:
    assert operation.scopes is None
    answer = cast.send(None, operation.request(cast.things))
    assert answer.status_code == (401 if operation.path == "/v1/sign-in" else 200), answer.text


@pytest.mark.parametrize("operation", GUARDED, ids=str)
async def test_the_scope_is_asked_for(operation: Operation, cast: Cast) -> None:
    admins = operation.path.startswith(ADMIN)
    answer = cast.send(cast.worker_without_admin if admins else cast.admin_without_work, operation.request(cast.things))
    if operation.name in FOR_ANYBODY_KNOWN:
        assert operation.scopes == []
        assert answer.status_code < 300, answer.text
    else:
        assert operation.scopes == ["admin" if admins else "user"]
        assert answer.status_code == 403, answer.text
        assert problem_of(answer)["type"] == "/problems/forbidden"


NAMING = [one for one in OF_USERS if one.in_path]


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_what_another_tenant_owns_is_not_there(operation: Operation, cast: Cast) -> None:
    before = await cast.all_that_is_owned()
    answer = cast.send(cast.stranger, operation.request(cast.things))
    assert answer.status_code == 404, answer.text
    assert problem_of(answer)["type"] == "/problems/not-found"
    assert await cast.all_that_is_owned() == before


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_it_is_said_of_what_is_not_there_in_the_same_words(operation: Operation, cast: Cast) -> None:
    nowhere = {name: re.sub(r"_[0-9a-z]{26}$", "_01jd0000000000000000000000", id_) for name, id_ in cast.things.items()}
    theirs = cast.send(cast.stranger, operation.request(cast.things))
    nothing = cast.send(cast.stranger, operation.request(nowhere))
    assert (theirs.status_code, theirs.json()["detail"]) == (nothing.status_code, nothing.json()["detail"])


@pytest.mark.parametrize(
    ("operation", "place"), [(one, place) for one in OF_USERS for place in one.ids_in_body], ids=str
)
async def test_a_body_can_not_reach_for_it(operation: Operation, place: Place, cast: Cast) -> None:
    assert place[-1] in cast.things, f"{operation}: teach `cast` how to come by a {place[-1]!r}"
    own = await _things_of_the_stranger(cast)
    before = await cast.all_that_is_owned()
    reaching = {place: cast.things[place[-1]]}
    answer = cast.send(cast.stranger, operation.request(own, reaching))
    assert answer.status_code == 404, answer.text
    assert await cast.all_that_is_owned() == before
    assert cast.send(cast.owner, operation.request(cast.things, reaching)).status_code < 300


async def _things_of_the_stranger(cast: Cast) -> dict[str, str]:
    """Its own session, so that the path is not what is refused."""
    answer = cast.send(cast.stranger, {"method": "POST", "url": "/v1/sessions", "json": {}})
    return cast.things | {"session_id": answer.json()["id"]}


@pytest.mark.parametrize("operation", [one for one in OF_USERS if one.method == "get" and not one.in_path], ids=str)
async def test_no_list_shows_it(operation: Operation, cast: Cast) -> None:
    request = operation.request(cast.things)
    names = [name for name in operation.in_query if name in cast.things]
    for query in ({}, *({name: cast.things[name]} for name in names)):
        answer = cast.send(cast.stranger, request | {"params": query})
        assert answer.status_code in (200, 404), answer.text
        shown = [name for name, thing in cast.things.items() if thing in answer.text and name not in ("path", "name")]
        assert not shown
        assert "the owner's" not in answer.text
        assert cast.send(cast.owner, request | {"params": query}).status_code == 200


@pytest.mark.parametrize(
    "operation",
    [one for one in OF_USERS if one.method == "post" and not one.in_path and one.takes_idempotency_key],
    ids=str,
)
async def test_the_same_idempotency_key_gives_nobody_the_answer_of_another(operation: Operation, cast: Cast) -> None:
    request = operation.request(cast.things)
    of_owner, again, of_stranger = (
        cast.send(key, request, **{"Idempotency-Key": "one for all"}) for key in (cast.owner, cast.owner, cast.stranger)
    )
    assert again.json() == of_owner.json()
    assert of_stranger.status_code == of_owner.status_code
    assert "idempotency-replayed" not in of_stranger.headers
    assert of_stranger.json()["id"] != of_owner.json()["id"]


# --- WebSockets -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A message that a client can send on a socket; with the place of an id in it, or of none."""

    socket: str
    type: str
    place: Place
    message: dict[str, Any] = field(compare=False)

    def __str__(self) -> str:
        return f"{self.socket} {self.type} {'.'.join(self.place)}"

    def reaching(self, things: Mapping[str, str]) -> dict[str, Any]:
        """The message, about these things."""
        assert self.place[-1] in things, f"{self}: teach `cast` how to come by a {self.place[-1]!r}"
        return put(self.message, self.place, things[self.place[-1]])


def sockets() -> list[WebSocketRoute]:
    return [route for route in create_app(Settings()).routes if isinstance(route, WebSocketRoute)]


def messages() -> list[Said]:
    """All that can be said, once for each id that it can name."""
    found = []
    for route in sockets():
        beside = importlib.import_module(f"{route.endpoint.__module__.rpartition('.')[0]}.messages")
        document = beside.INCOMING.json_schema()
        shapes = Shapes(document)
        for kind in shapes.choices(document):
            message = shapes.example(kind)
            found += [Said(route.path, message["type"], place, message) for place in ids_in(shapes, kind)]
    return found


def says(cast: Cast, key: str | None, socket: str, message: dict[str, Any] | None = None) -> dict[str, Any] | int:
    """What is answered on a socket; the status, where it is not opened."""
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    try:
        with connect(cast.url.replace("http", "ws") + socket, additional_headers=headers, proxy=None) as opened:
            if message is None:
                return 101
            opened.send(json.dumps(message))
            answer: dict[str, Any] = json.loads(opened.recv(timeout=60))
            return answer
    except InvalidStatus as refused:
        assert refused.response.headers["content-type"] == "application/problem+json"
        return refused.response.status_code


@pytest.mark.parametrize("socket", [route.path for route in sockets()])
async def test_a_socket_asks_who_is_there(socket: str, cast: Cast) -> None:
    assert [says(cast, key, socket) for key in (None, "x", tokens.draw(Kind.KEY))] == [401, 401, 401]
    assert says(cast, cast.admin_without_work, socket) == 403
    assert says(cast, cast.stranger, socket) == 101


@pytest.mark.parametrize("said", messages(), ids=str)
async def test_a_message_can_not_reach_for_what_another_tenant_owns(said: Said, cast: Cast) -> None:
    before = await cast.all_that_is_owned()
    answer = says(cast, cast.stranger, said.socket, said.reaching(cast.things))
    assert isinstance(answer, dict)
    assert answer["type"] == "problem", answer
    assert answer["problem"]["status"] == 404, answer
    assert await cast.all_that_is_owned() == before
    of_owner = says(cast, cast.owner, said.socket, said.reaching(cast.things))
    assert isinstance(of_owner, dict)
    reached = of_owner["type"] != "problem" or of_owner["problem"]["status"] == 409
    assert reached or said.type in UNDOING, of_owner


UNDOING = {"unsubscribe"}
"""Messages about what an earlier one of the same socket began: there is nothing to undo on a new one."""


# --- and at last ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("operation", NAMING, ids=str)
async def test_its_owner_gets_there(operation: Operation, cast: Cast) -> None:
    """So that the walk is known to have named things that are there. Last, because it deletes them."""
    answer = cast.send(cast.owner, operation.request(cast.things))
    assert answer.status_code not in (401, 403, 404, 405, 422), answer.text
    assert answer.status_code < 500


def test_the_log_of_the_walk_names_no_tenant_and_no_key(cast: Cast) -> None:
    said = cast.log.read_text()
    assert "Refused credentials" in said
    assert "the owner's" not in said
    for key in (cast.owner, cast.stranger, cast.admin_without_work, cast.worker_without_admin):
        assert tokens.hint(key) not in said
