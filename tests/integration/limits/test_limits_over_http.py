"""What somebody is answered who asks for more than they may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import http_sf
import httpx
import pytest
from limited_api import Api, OpenApi
from services import problem_of

from core.limits import rate
from core.limits.gcra import spacing_us
from core.limits.rate import PATIENCE_S
from embedded.redis import RedisServer

RUN = {"agent": "execute", "input": {"code": "pass"}}
WRITE = {"agent": "generate", "input": {"prompt": "draw"}}


@pytest.fixture(autouse=True)
def _thawed(own_redis: RedisServer) -> Iterator[None]:
    yield
    own_redis.resume()
    if not own_redis.running:
        own_redis.start()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  (Redis comes back)
            await asyncio.sleep(0.01)


def fields(answer: httpx.Response) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both fields by policy, as a parser of structured fields reads them."""
    read = [
        {name: dict(parameters) for name, parameters in http_sf.parse(answer.headers[field].encode(), tltype="list")}
        for field in ("ratelimit-policy", "ratelimit")
    ]
    return read[0], read[1]


def refused(answer: httpx.Response, limit: str, whose: str) -> dict[str, Any]:
    """A 429 of that limit."""
    assert answer.status_code == 429, answer.text
    problem = problem_of(answer)
    assert problem["type"] == "/problems/limit-reached"
    assert (problem["limit"], problem["whose"]) == (limit, whose)
    assert int(answer.headers["retry-after"]) > 0
    return problem


# --- requests a minute ------------------------------------------------------------------------------------


async def test_every_answer_of_a_limited_route_says_where_one_stands(api: Api) -> None:
    tenant = await api.tenant(requests_per_minute=30)
    async with await api.key(tenant, requests_per_minute=3) as someone:
        await until(lambda: not api.rates.alone)
        left = []
        for path, status in (("/v1/jobs", 200), ("/v1/jobs/job_00000000000000000000000000", 404)):
            answer = await someone.get(path)
            assert answer.status_code == status
            policies, standings = fields(answer)
            assert policies == {"tenant": {"q": 30, "w": 60}, "key": {"q": 3, "w": 60}}
            assert list(standings) == ["tenant", "key"]
            assert 0 < standings["key"]["t"] <= 20
            left.append((standings["tenant"]["r"], standings["key"]["r"]))
        assert left == [(29, 2), (28, 1)]
        assert (await someone.post("/v1/jobs", json={})).status_code == 422
        answer = await someone.get("/v1/jobs")
        problem = refused(answer, "requests_per_minute", "key")
        _, standings = fields(answer)
        assert standings["key"] == {"r": 0, "t": int(answer.headers["retry-after"])}
        assert standings["tenant"]["r"] == 27, "what a key is refused costs its tenant nothing"
        assert "3 requests a minute" in problem["detail"]


async def test_a_client_that_waits_as_long_as_told_gets_through(api: Api) -> None:
    tenant = await api.tenant(requests_per_minute=2)
    async with await api.key(tenant) as someone:
        await until(lambda: not api.rates.alone)
        while (answer := await someone.get("/v1/jobs")).status_code != 429:
            assert answer.status_code == 200
        wait_s = int(answer.headers["retry-after"])
        assert wait_s * 1_000_000 <= spacing_us(2) + 999_999
        policy = (await api.app.state.services.limits.of(*await _who(api, someone))).policies[0]
        await _time_passes(api, policy.bucket, wait_s)
        assert (await someone.get("/v1/jobs")).status_code == 200
        refused(await someone.get("/v1/jobs"), "requests_per_minute", "tenant")


async def _who(api: Api, someone: httpx.AsyncClient) -> tuple[Any, Any]:
    row = await api.pool.fetchrow("SELECT tenant_id, id FROM api_keys ORDER BY created_at DESC LIMIT 1")
    return row["tenant_id"], row["id"]


async def _time_passes(api: Api, bucket: str, seconds: int) -> None:
    """For one bucket: what is kept of it are times, by the clocks of Redis and of the process."""
    connection = api.rates._redis
    full_at = int(await connection.get(bucket))
    await connection.set(bucket, full_at - seconds * 1_000_000)
    api.rates._own._full_at[bucket] -= seconds * 1_000_000


async def test_two_processes_share_a_limit(open_api: OpenApi, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "PATIENCE_S", 10.0)  # a busy machine is no Redis that is away
    other = await open_api()
    tenant = await api.tenant(requests_per_minute=6)
    async with await api.key(tenant) as here:
        await until(lambda: not api.rates.alone and not other.rates.alone)
        async with other.visitor(here.headers["authorization"].removeprefix("Bearer ")) as there:
            statuses = [(await one.get("/v1/jobs")).status_code for one in (here, there) * 4]
    assert statuses == [200] * 6 + [429] * 2


async def test_with_redis_frozen_requests_are_answered_and_limited(api: Api, own_redis: RedisServer) -> None:
    tenant = await api.tenant(requests_per_minute=8)
    async with await api.key(tenant) as someone:
        await until(lambda: not api.rates.alone)
        assert [(await someone.get("/v1/jobs")).status_code for _ in range(3)] == [200] * 3
        own_redis.pause()
        share = -(-8 // api.rates.processes)
        answers = [await someone.get("/v1/jobs") for _ in range(10)]
        assert api.rates.alone
        statuses = [answer.status_code for answer in answers]
        assert statuses == sorted(statuses), statuses
        assert statuses.count(429) >= 10 - share
        assert answers[0].headers["ratelimit-policy"] == '"tenant";q=8;w=60'
        refused(answers[-1], "requests_per_minute", "tenant")
        own_redis.resume()
        await until(lambda: not api.rates.alone)
        statuses += [(await someone.get("/v1/jobs")).status_code for _ in range(8)]
        assert statuses[-1] == 429
        # Three before, and all since: what it counted alone it still counts.
        assert 3 + statuses.count(200) <= 8


async def test_a_redis_that_was_killed_and_comes_back_empty_costs_no_request_and_gives_none_away(
    api: Api, own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "PATIENCE_S", 10.0)  # one that was killed refuses at once, a busy machine is not killed
    tenant = await api.tenant(requests_per_minute=5)
    async with await api.key(tenant) as someone:
        await until(lambda: not api.rates.alone)
        for _ in range(5):
            assert (await someone.get("/v1/jobs")).status_code == 200
        own_redis.kill()
        refused(await someone.get("/v1/jobs"), "requests_per_minute", "tenant")
        own_redis.start()
        await until(lambda: not api.rates.alone)
        refused(await someone.get("/v1/jobs"), "requests_per_minute", "tenant")


async def test_who_is_not_limited_never_asks_redis(api: Api, own_redis: RedisServer) -> None:
    async with await api.key(await api.tenant()) as someone:
        await until(lambda: not api.rates.alone)
        own_redis.pause()
        answer = await someone.get("/v1/jobs")
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers
        assert not api.rates.alone, "nothing was asked, so nothing was missed"
    assert PATIENCE_S <= 0.05


async def test_an_admin_can_always_set_a_limit_anew(api: Api) -> None:
    tenant = await api.tenant(requests_per_minute=1)
    async with await api.key(tenant) as someone:
        await until(lambda: not api.rates.alone)
        assert (await someone.get("/v1/jobs")).status_code == 200
        refused(await someone.get("/v1/jobs"), "requests_per_minute", "tenant")
        await api.admin("PUT", f"/limits/tenants/{tenant}", {"requests_per_minute": 600})
        assert (await someone.get("/v1/jobs")).status_code == 200


# --- jobs -------------------------------------------------------------------------------------------------


async def test_no_more_jobs_wait_than_may(api: Api) -> None:
    tenant = await api.tenant(queued_jobs=2)
    async with await api.key(tenant) as someone, await api.key(tenant, queued_jobs=0) as nobody:
        refused(await nobody.post("/v1/jobs", json=RUN), "queued_jobs", "key")
        statuses = await asyncio.gather(*(someone.post("/v1/jobs", json=RUN) for _ in range(12)))
        assert sorted(answer.status_code for answer in statuses) == [202] * 2 + [429] * 10
        one = next(answer.json()["id"] for answer in statuses if answer.status_code == 202)
        assert (await someone.post(f"/v1/jobs/{one}/cancel")).status_code == 202
        assert (await someone.post(f"/v1/jobs/{one}/retry")).status_code == 202
        refused(await someone.post(f"/v1/jobs/{one}/retry"), *QUEUED)


QUEUED = ("queued_jobs", "tenant")


async def test_a_submit_that_is_sent_again_is_no_second_one(api: Api) -> None:
    async with await api.key(await api.tenant(queued_jobs=1)) as someone:
        again = {"Idempotency-Key": "one"}
        first = await someone.post("/v1/jobs", json=RUN, headers=again)
        assert first.status_code == 202
        repeated = await someone.post("/v1/jobs", json=RUN, headers=again)
        assert (repeated.status_code, repeated.json()["id"]) == (202, first.json()["id"])
        # What was refused is not remembered: it may be sent again under its key when there is room.
        other = {"Idempotency-Key": "two"}
        refused(await someone.post("/v1/jobs", json=RUN, headers=other), *QUEUED)
        await someone.post(f"/v1/jobs/{first.json()['id']}/cancel")
        assert (await someone.post("/v1/jobs", json=RUN, headers=other)).status_code == 202


async def test_when_the_days_tokens_are_used_only_what_needs_none_is_taken(api: Api) -> None:
    tenant = await api.tenant(tokens_per_day=10)
    async with await api.key(tenant) as someone:
        tenant_id, key_id = await _who(api, someone)
        await api.pool.execute(
            "INSERT INTO usage_days (tenant_id, day, key_id, agent, worker_id, jobs, input_tokens, output_tokens) "
            "VALUES ($1, (now() AT TIME ZONE 'UTC')::date, $2, 'generate', $2, 1, 6, 4)",
            tenant_id,
            key_id,
        )
        problem = refused(await someone.post("/v1/jobs", json=WRITE), "tokens_per_day", "tenant")
        assert "00:00 UTC" in problem["detail"]
        assert (await someone.post("/v1/jobs", json=RUN)).status_code == 202
        me = (await someone.get("/v1/me")).json()
        assert (me["limits"]["tokens_per_day"], me["used"]["tokens_today"]) == (10, 10)
        used = (await someone.get("/v1/usage")).json()
        assert [(day["agent"], day["jobs"], day["input_tokens"]) for day in used["items"]] == [("generate", 1, 6)]
    async with await api.key(await api.tenant()) as stranger:
        assert (await stranger.get("/v1/usage")).json()["items"] == []


@pytest.mark.parametrize(
    "query", ["from=2024-02-01&to=2024-01-01", "from=2020-01-01&to=2024-01-01", "from=today", "to=2024-02-30"]
)
async def test_days_that_can_not_be_are_refused_by_name(api: Api, query: str) -> None:
    async with api.visitor(api.admin_key) as someone:
        answer = await someone.get(f"/v1/usage?{query}")
    assert answer.status_code == 422
    assert problem_of(answer)["errors"][0]["pointer"] in ("/query/from", "/query/to")


async def test_the_first_days_there_are_can_be_asked_for(api: Api) -> None:
    async with api.visitor(api.admin_key) as someone:
        assert (await someone.get("/v1/usage?to=0001-01-02")).status_code == 200


async def test_past_the_backlogs_limit_nobodys_submit_is_taken(open_api: OpenApi) -> None:
    small = await open_api(backlog_limit=1)
    async with await small.key(await small.tenant()) as someone:
        jobs = []
        async with asyncio.timeout(30):
            while (answer := await someone.post("/v1/jobs", json=RUN)).status_code == 202:
                jobs.append(answer.json()["id"])
                await asyncio.sleep(0.05)
        assert answer.status_code == 503
        assert problem_of(answer)["type"] == "/problems/overloaded"
        assert int(answer.headers["retry-after"]) > 0
        assert (await someone.get("/v1/jobs")).status_code == 200
        await small.pool.execute("UPDATE jobs SET state = 'cancelled', finished_at = now() WHERE state = 'queued'")
        async with asyncio.timeout(30):
            while (await someone.post("/v1/jobs", json=RUN)).status_code != 202:  # noqa: ASYNC110  (it looks once a second)
                await asyncio.sleep(0.05)


# --- storage ----------------------------------------------------------------------------------------------


async def session_of(someone: httpx.AsyncClient) -> str:
    return f"/v1/sessions/{(await someone.post('/v1/sessions', json={})).json()['id']}/files"


def full(answer: httpx.Response) -> None:
    assert answer.status_code == 413, answer.text
    assert problem_of(answer)["type"] == "/problems/storage-full"


async def test_a_file_that_would_not_fit_is_refused_before_it_is_read(api: Api) -> None:
    async with await api.key(await api.tenant(storage_bytes=100)) as someone:
        files = await session_of(someone)
        assert (await someone.put(f"{files}/a", content=b"x" * 60)).status_code == 201
        read = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal read
            read += 1
            yield b"x" * 41

        full(await someone.put(f"{files}/b", content=body(), headers={"Content-Length": "41"}))
        assert read == 0
        assert (await someone.put(f"{files}/b", content=b"x" * 40)).status_code == 201
        full(await someone.put(f"{files}/c", content=b"x"))
        full(await someone.post(files, files={"file": ("d", b"x")}))
        assert (await someone.get("/v1/me")).json()["used"]["storage_bytes"] == 100
        assert [file["path"] for file in (await someone.get(files)).json()["items"]] == ["a", "b"]


async def test_a_body_that_does_not_say_how_long_it_is_is_stopped_where_it_stops_fitting(api: Api) -> None:
    async with await api.key(await api.tenant(storage_bytes=100_000)) as someone:
        files = await session_of(someone)
        sent = 0

        async def body() -> AsyncIterator[bytes]:
            nonlocal sent
            for _ in range(1000):
                sent += 10_000
                yield b"x" * 10_000

        full(await someone.put(f"{files}/endless", content=body()))
        assert sent < 300_000
        assert (await someone.get(files)).json()["items"] == []


async def test_a_form_whose_files_do_not_fit_together_stores_what_did(api: Api) -> None:
    async with await api.key(await api.tenant(storage_bytes=100)) as someone:
        files = await session_of(someone)
        full(await someone.post(files, files=[("file", ("a", b"x" * 60)), ("file", ("b", b"x" * 60))]))
        assert [file["path"] for file in (await someone.get(files)).json()["items"]] == ["a"]


async def test_a_key_adds_nothing_beyond_its_own_limit(api: Api) -> None:
    tenant = await api.tenant(storage_bytes=100)
    async with await api.key(tenant, storage_bytes=10) as tight, await api.key(tenant) as wide:
        files = await session_of(wide)
        assert (await wide.put(f"{files}/a", content=b"x" * 20)).status_code == 201
        full(await tight.put(f"{files}/b", content=b"x"))
        assert (await wide.put(f"{files}/b", content=b"x")).status_code == 201


# --- set and shown ----------------------------------------------------------------------------------------


async def test_limits_are_set_shown_and_written_down(api: Api) -> None:
    assert (await api.admin("GET", "/limits"))["batch_lines"] == 50_000
    tenant = await api.tenant()
    said = {"queued_jobs": 5, "batch_lines": None}
    set_ = await api.admin("PUT", f"/limits/tenants/{tenant}", said)
    assert set_ == await api.admin("GET", f"/limits/tenants/{tenant}")
    assert set_["said"] == said
    assert (set_["effective"]["queued_jobs"], set_["effective"]["batch_lines"]) == (5, None)
    key = (await api.admin("POST", "/keys", {"name": "k", "tenant_id": tenant}, 201))["id"]
    shown = await api.admin("PUT", f"/limits/keys/{key}", {"queued_jobs": 9, "running_jobs": 1})
    assert (shown["effective"]["queued_jobs"], shown["effective"]["running_jobs"]) == (5, 1)
    assert shown == await api.admin("GET", f"/limits/keys/{key}")
    acts = (await api.admin("GET", "/audit"))["items"][:2]
    assert [(act["action"], act["target"], act["detail"]) for act in acts if act["action"].startswith("limits")] == [
        ("limits.key", key, {"limits": {"queued_jobs": 9, "running_jobs": 1}})
    ]
    # Another key in its place is held to the same.
    rotated = await api.admin("POST", f"/keys/{key}/rotate", None, 201)
    assert (await api.admin("GET", f"/limits/keys/{rotated['id']}"))["said"] == {"queued_jobs": 9, "running_jobs": 1}


async def test_what_is_no_limit_or_nobodys_is_refused(api: Api) -> None:
    tenant = await api.tenant()
    for wrong in ({"queued_jobs": -1}, {"unheard_of": 1}, {"requests_per_minute": 0}, {"storage_bytes": 2**70}):
        await api.admin("PUT", f"/limits/tenants/{tenant}", wrong, 422)
    for method, body in (("GET", None), ("PUT", {})):
        for missing in ("tenants/ten_00000000000000000000000000", "keys/key_00000000000000000000000000", "keys/x"):
            await api.admin(method, f"/limits/{missing}", body, 404)


async def test_only_an_admin_sees_or_sets_limits_of_others(api: Api) -> None:
    tenant = await api.tenant()
    async with await api.key(tenant) as someone:
        for method, path in (("GET", ""), ("GET", f"/tenants/{tenant}"), ("PUT", f"/tenants/{tenant}")):
            answer = await someone.request(method, f"/v1/admin/limits{path}", json={} if method == "PUT" else None)
            assert answer.status_code == 403
