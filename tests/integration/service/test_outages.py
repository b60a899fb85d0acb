"""Parts of the service are killed, frozen and emptied under it; no job is lost, none finishes twice.

Every test takes something away and puts it back; what is not back at its end is put back before the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.request import urlopen

import asyncpg
import httpx
import pytest_asyncio
import redis
from services import PATIENCE_S, Client, Service, hold_to_contract, problem_of, server_sent, text_of, types

from embedded.ports import free_port
from embedded.postgres import PostgresServer
from embedded.redis import RedisServer

SHORT = "import time\nprint('started', flush=True)\ntime.sleep(1.5)\nprint('done')\n"
"""Long enough to be met in mid-run, and able to end when it is run again."""
BUSY = "import time\nprint('started', flush=True)\ntime.sleep(300)\n"


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    """Wait for a condition, and give what it found."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await condition()):  # noqa: ASYNC110  (it looks at other processes)
            await asyncio.sleep(0.05)
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def database(service_database: str) -> AsyncIterator[asyncpg.Connection]:
    """To look at what the API does not tell."""
    connection = await asyncpg.connect(service_database)
    yield connection
    connection.terminate()


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def _put_back(service: Service, redis_server: RedisServer, postgres: PostgresServer) -> AsyncIterator[None]:
    yield
    for server in (redis_server, postgres):
        server.resume()
        if not server.running:
            server.start()
    for program in service.programs.values():
        program.resume()
    for name in [name for name, program in service.programs.items() if not program.running]:
        service.programs.pop(name)
    if "dispatcher" not in service.programs:
        service.run("dispatcher", "-m", "workers.dispatcher")
    if "execute" not in service.programs:
        service.run_worker()
    if "sandbox" not in service.programs:
        service.run_sandbox()
    await until(lambda: sandbox_says(service, "ok"))


def sandbox_health(service: Service) -> dict[str, Any]:
    """What the sandbox says of itself. Raises OSError where it is not there."""
    with urlopen(f"http://127.0.0.1:{service.sandbox_port}/healthz", timeout=PATIENCE_S) as answer:
        said: dict[str, Any] = json.load(answer)
    return said


async def sandbox_says(service: Service, status: str) -> bool:
    try:
        return bool(sandbox_health(service)["status"] == status)
    except OSError:
        return False


# --- workers ----------------------------------------------------------------------------------------------


async def test_a_job_whose_worker_is_killed_is_retried_visibly_on_another(client: Client, service: Service) -> None:
    session = await client.session()
    await client.http.put(f"/v1/sessions/{session}/files/in.txt", content=b"before")
    job = await client.execute(
        "print(open('in.txt').read(), flush=True)\nopen('in.txt', 'w').write('half done')\n" + SHORT, session
    )
    await client.until(job["id"], "stdout", "started")
    service.kill("execute")
    service.run_worker()
    events = await client.events(job["id"])
    assert [name for name in types(events) if name.startswith("job.")] == [
        "job.queued",
        "job.running",
        "job.retrying",
        "job.running",
        "job.succeeded",
    ]
    assert "lost" in next(event["reason"] for event in events if event["type"] == "job.retrying")
    assert events[-1]["job"]["attempt"] == 2
    # The second attempt met the files as they were before the first, in a sandbox of its own.
    assert events[-1]["job"]["result"]["stdout"] == "before\nstarted\ndone\n"
    assert [event["attempt"] for event in events if event["type"] == "sandbox.reset"] == [2]
    assert (await client.http.get(f"/v1/sessions/{session}/files/in.txt")).text == "half done"


async def test_a_worker_that_stops_hands_its_job_back_and_it_costs_no_attempt(client: Client, service: Service) -> None:
    job = await client.submit("execute", {"code": SHORT}, max_attempts=1)
    await client.until(job["id"], "stdout", "started")
    stopping = service.programs.pop("execute")
    stopping.send(signal.SIGTERM)
    service.run_worker()
    events = await client.events(job["id"])
    assert types(events).count("job.retrying") == 1
    assert "stopped" in next(event["reason"] for event in events if event["type"] == "job.retrying")
    assert events[-1]["job"]["state"] == "succeeded"
    assert events[-1]["job"]["result"]["stdout"] == "started\ndone\n"
    assert await asyncio.to_thread(stopping.wait) == 0


async def test_a_worker_frozen_past_its_lease_changes_nothing_when_it_comes_back(
    client: Client, service: Service
) -> None:
    job = await client.execute(SHORT)
    await client.until(job["id"], "stdout", "started")
    frozen = service.programs.pop("execute")
    frozen.pause()
    service.run_worker()
    events = await client.events(job["id"])
    assert events[-1]["job"]["attempt"] == 2
    frozen.resume()
    other = await client.ran("print('alive')")  # whichever of the two runs it
    assert other["result"]["stdout"] == "alive\n"
    frozen.send(signal.SIGTERM)
    assert await asyncio.to_thread(frozen.wait) == 0
    assert await client.events(job["id"]) == events


# --- Redis ------------------------------------------------------------------------------------------------


async def test_jobs_whose_messages_were_flushed_still_finish(
    client: Client, service: Service, redis_server: RedisServer, database: asyncpg.Connection
) -> None:
    service.programs["execute"].pause()
    jobs = [(await client.execute(f"print({number})"))["id"] for number in range(3)]

    async def all_released() -> bool:
        count = "SELECT count(*) FROM jobs WHERE state = 'queued' AND released_at IS NOT NULL"
        return bool(await database.fetchval(count) == len(jobs))

    await until(all_released)

    with contextlib.closing(redis.Redis.from_url(redis_server.url)) as connection:
        connection.flushall()
    service.programs["execute"].resume()
    for number, job_id in enumerate(jobs):
        assert (await client.ended(job_id))["result"]["stdout"] == f"{number}\n"
        assert types(await client.events(job_id)).count("job.running") == 1


async def test_with_redis_frozen_jobs_are_accepted_and_events_go_on(client: Client, redis_server: RedisServer) -> None:
    running = await client.execute("import time\nfor n in range(200):\n    print(n, flush=True)\n    time.sleep(0.1)")
    stream = client.stream(running["id"])
    async for event in stream:
        if event["type"] == "stdout":
            break
    redis_server.pause()
    waiting = await client.execute("print('later')")
    assert waiting["state"] == "queued"
    more = 0
    async for event in stream:
        more += event["type"] == "stdout"
        if more == 3:
            break
    assert (await client.http.post(f"/v1/jobs/{running['id']}/cancel")).status_code == 202
    last = [event async for event in stream][-1]
    assert last["type"] == "job.cancelled"
    redis_server.resume()
    assert (await client.ended(waiting["id"]))["result"]["stdout"] == "later\n"


async def test_redis_killed_and_started_empty_costs_no_job(client: Client, redis_server: RedisServer) -> None:
    running = await client.execute(SHORT)
    await client.until(running["id"], "stdout", "started")
    redis_server.kill()
    waiting = await client.execute("print('later')")
    events = await client.events(running["id"])
    assert text_of(events) == "started\ndone\n"
    redis_server.start()
    assert (await client.ended(waiting["id"]))["result"]["stdout"] == "later\n"


# --- the sandbox ------------------------------------------------------------------------------------------


async def test_a_sandbox_lost_between_two_runs_is_said_and_replaced(client: Client, service: Service) -> None:
    session = await client.session()
    await client.ran("x = 1; open('kept.txt', 'w').write('kept')", session)
    service.kill("sandbox")
    service.run_sandbox()
    await until(lambda: sandbox_says(service, "ok"))
    job = await client.execute("print(open('kept.txt').read(), 'x' in globals())", session)
    events = await client.events(job["id"])
    assert types(events).count("sandbox.reset") == 1
    assert text_of(events) == "kept False\n"


async def test_a_sandbox_lost_in_mid_run_costs_attempts_and_no_job(client: Client, service: Service) -> None:
    session = await client.session()
    # As many attempts as it takes for the server to come back, which is a matter of the machine.
    patient = await client.submit("execute", {"code": SHORT}, session_id=session, max_attempts=10)
    await client.until(patient["id"], "stdout", "started")
    service.kill("sandbox")
    impatient = await client.submit("execute", {"code": "print(1)"}, max_attempts=1)
    failed = await client.ended(impatient["id"])
    assert (failed["state"], failed["error"]["type"]) == ("failed", "attempts-exhausted")
    assert "the sandbox did not answer" in failed["error"]["detail"]
    said = [event["message"] for event in await client.events(impatient["id"]) if event["type"] == "job.progress"]
    assert said == ["Waiting for a sandbox …"]
    service.run_sandbox()
    events = await client.events(patient["id"])
    assert events[-1]["job"]["state"] == "succeeded", events[-1]["job"]["error"]
    assert events[-1]["job"]["attempt"] >= 2
    assert events[-1]["job"]["result"]["stdout"] == "started\ndone\n"


async def test_a_sandbox_that_refuses_makes_the_job_fail_at_once_and_says_why(client: Client, service: Service) -> None:
    service.kill("sandbox")
    service.run_sandbox(SANDBOX_PYTHON="/nowhere/bin/python")
    await until(lambda: sandbox_says(service, "refusing"))
    ended = await client.ran("print(1)")
    assert (ended["state"], ended["error"]["type"], ended["attempt"]) == ("failed", "sandbox-unavailable", 1)
    assert "interpreter" in ended["error"]["detail"]

    async def told() -> bool:
        parts = (await client.http.get("/readyz")).json()
        return bool(parts["status"] == "degraded" and "SANDBOX_PYTHON" in parts["parts"]["sandbox"]["detail"])

    await until(told)
    service.kill("sandbox")


# --- the dispatcher, the API and Postgres -------------------------------------------------------------------


async def test_jobs_wait_for_a_dispatcher_that_is_away(client: Client, service: Service) -> None:
    service.kill("dispatcher")
    job = await client.execute("print('later')")
    assert job["state"] == "queued"
    service.run("dispatcher", "-m", "workers.dispatcher")
    assert (await client.ended(job["id"]))["result"]["stdout"] == "later\n"


async def test_a_stream_goes_on_at_another_api_process(client: Client, service: Service) -> None:

    port = free_port()
    other = service.run("api-2", "-m", "api", environment={"ACI_PORT": str(port)})
    second = Client(f"http://127.0.0.1:{port}")

    async def answers() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return (await second.http.get("/readyz")).status_code == 200
        return False

    await until(answers)
    job = await second.execute(BUSY)
    seen = []
    async with second.http.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        blocks = server_sent(answer.aiter_lines())
        async for block in blocks:
            seen.append(int(block["id"]))
            if block["event"] == "stdout":
                break
        other.send(signal.SIGTERM)
        with contextlib.suppress(httpx.TransportError):
            seen += [int(block["id"]) async for block in blocks]  # it ends, whether asked nicely or not
    service.stop("api-2")
    await second.http.aclose()
    await client.http.post(f"/v1/jobs/{job['id']}/cancel")
    rest = await client.events(job["id"], seen[-1])
    assert [*seen, *(event["seq"] for event in rest)] == list(range(1, rest[-1]["seq"] + 1))


async def test_postgres_killed_in_mid_run_costs_no_event_and_no_job(
    client: Client, service: Service, postgres: PostgresServer
) -> None:
    job = await client.execute(SHORT)
    await client.until(job["id"], "stdout", "started")
    postgres.kill()
    refused = await client.http.post("/v1/jobs", json={"agent": "execute", "input": {"code": "pass"}})
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    problem_of(refused)
    assert (await client.http.get("/readyz")).status_code == 503
    assert (await client.http.get("/healthz")).status_code == 200
    postgres.start()

    async def back() -> bool:
        return (await client.http.get("/readyz")).status_code == 200

    await until(back)
    events = await client.events(job["id"])
    assert events[-1]["type"] == "job.succeeded", events[-1]["job"]["error"]
    assert events[-1]["job"]["result"]["stdout"] == "started\ndone\n"
    for event in events:
        hold_to_contract(event)
    assert (await client.ran("print('well')"))["result"]["stdout"] == "well\n"
