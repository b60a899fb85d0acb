"""The sandbox of a session over its life: found again, ended when idle, given up for others, never at a job's cost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest_asyncio
from services import Client, Service, types
from test_outages import sandbox_health, sandbox_says, until

BUSY = "import time\nprint('started', flush=True)\ntime.sleep(300)\n"


OTHERWISE: dict[str, dict[str, str]] = {"execute": {}, "sandbox": {}}
"""Settings other than the service's with which a program runs. Tests name those that they need: what one leaves is put
back when the next needs it otherwise, or no test is left.
"""


@pytest_asyncio.fixture(loop_scope="session", scope="module", autouse=True)
async def _put_back(service: Service) -> AsyncIterator[None]:
    yield
    worker_with(service)
    if OTHERWISE["sandbox"]:
        await restart_sandbox(service)


def worker_with(service: Service, **settings: str) -> None:
    """Have the worker run with these settings."""
    if OTHERWISE["execute"] != settings:
        service.stop("execute")
        start_worker(service, **settings)


def start_worker(service: Service, **settings: str) -> None:
    service.run_worker(**settings)
    OTHERWISE["execute"] = settings


async def empty_sandbox_with(service: Service, **settings: str) -> None:
    """Have the sandbox run with these settings, and without any session."""
    if OTHERWISE["sandbox"] != settings or await sessions_of(service):
        await restart_sandbox(service, **settings)


async def restart_sandbox(service: Service, **settings: str) -> None:
    service.kill("sandbox")
    service.run_sandbox(**settings)
    OTHERWISE["sandbox"] = settings
    await until(lambda: sandbox_says(service, "ok"))


async def sessions_of(service: Service) -> int:
    count: int = sandbox_health(service)["sessions"]
    return count


async def none_left(service: Service) -> bool:
    return await sessions_of(service) == 0


async def reset_of(client: Client, job_id: str) -> list[str]:
    return [event["reason"] for event in await client.events(job_id) if event["type"] == "sandbox.reset"]


async def long_ago(database: str) -> None:
    """Whoever follows a deleted session has had the time that is left to it."""
    connection = await asyncpg.connect(database)
    await connection.execute("UPDATE sessions SET deleted_at = deleted_at - interval '1 hour'")
    await connection.execute("UPDATE jobs SET finished_at = finished_at - interval '1 hour'")
    await connection.close()


async def test_a_sandbox_whose_life_would_end_within_the_run_is_renewed_first(client: Client, service: Service) -> None:
    # Of these a minute is kept as a margin, and five are for answers to questions.
    worker_with(service, ACI_SANDBOX_SESSION_S="500")
    session = await client.session()
    await client.printed("x = 1\nopen('kept.txt', 'w').write('kept')", session, timeout_s=10)
    assert await client.printed("print(x)", session, timeout_s=10) == "1\n"
    job = await client.execute("print(open('kept.txt').read(), 'x' in globals())", session, timeout_s=300)
    assert await reset_of(client, job["id"]) == ["the sandbox reached the end of its lifetime"]
    assert (await client.job(job["id"]))["result"]["stdout"] == "kept False\n"


async def test_any_worker_finds_the_session_s_sandbox_again(client: Client, service: Service) -> None:
    session = await client.session()
    await client.printed("x = 41", session)
    service.kill("execute")
    start_worker(service)
    job = await client.execute("print(x + 1)", session)
    events = await client.events(job["id"])
    assert events[-1]["job"]["result"]["stdout"] == "42\n"
    assert not {"sandbox.started", "sandbox.reset"} & set(types(events))


async def test_a_reset_gives_the_next_run_a_fresh_sandbox_with_the_files(client: Client) -> None:
    session = await client.session()
    await client.printed("x = 1\nopen('kept.txt', 'w').write('kept')", session)
    answer = await client.http.post(f"/v1/sessions/{session}/reset")
    assert (answer.status_code, answer.json()["sandbox"]["state"]) == (202, "none")
    job = await client.execute("print(open('kept.txt').read(), 'x' in globals())", session)
    assert await reset_of(client, job["id"]) == ["a fresh interpreter was asked for"]
    assert (await client.job(job["id"]))["result"]["stdout"] == "kept False\n"


async def test_an_idle_sandbox_is_stopped_and_the_next_run_is_told(client: Client, service: Service) -> None:
    await empty_sandbox_with(service)
    worker_with(service, ACI_SANDBOX_IDLE_S="1")
    session = await client.session()
    await client.printed("x = 1\nopen('kept.txt', 'w').write('kept')", session)
    await until(lambda: none_left(service))
    shown = (await client.http.get(f"/v1/sessions/{session}")).json()
    assert shown["sandbox"] == {"state": "none", "expires_at": None}
    job = await client.execute("print(open('kept.txt').read(), 'x' in globals())", session)
    assert await reset_of(client, job["id"]) == ["nobody used it for 1 seconds"]
    assert (await client.job(job["id"]))["result"]["stdout"] == "kept False\n"
    await until(lambda: none_left(service))


async def test_what_a_killed_worker_leaves_behind_is_stopped(client: Client, service: Service) -> None:
    await empty_sandbox_with(service)
    job = await client.submit("execute", {"code": BUSY}, max_attempts=1)  # without a session: thrown away at its end
    await client.until(job["id"], "stdout", "started")
    service.kill("execute")
    assert await sessions_of(service) == 1
    start_worker(service)
    assert (await client.ended(job["id"]))["error"]["type"] == "attempts-exhausted"
    await until(lambda: none_left(service))


async def test_a_deleted_session_stops_what_runs_in_it_and_goes(
    client: Client, service: Service, service_database: str
) -> None:
    await empty_sandbox_with(service)
    session = await client.session()
    job = await client.execute(BUSY, session)
    waiting = await client.execute("print('never')", session)
    await client.until(job["id"], "stdout", "started")
    assert (await client.http.delete(f"/v1/sessions/{session}")).status_code == 204
    assert (await client.http.get(f"/v1/sessions/{session}")).status_code == 404
    for one in (job, waiting):
        assert (await client.events(one["id"]))[-1]["type"] == "job.cancelled"
    await until(lambda: none_left(service))
    await long_ago(service_database)

    async def removed() -> bool:
        answers: list[Any] = [await client.http.get(f"/v1/jobs/{one['id']}") for one in (job, waiting)]
        return [one.status_code for one in answers] == [404, 404]

    await until(removed)


async def test_on_a_full_house_the_longest_idle_one_goes_first(client: Client, service: Service) -> None:
    worker_with(service)
    await empty_sandbox_with(service, SANDBOX_MAX_SESSIONS="2")
    first, second, third = [await client.session() for _ in range(3)]
    for session in (first, second):
        await client.printed("x = 1", session)
    assert await client.printed("print('in')", third) == "in\n"
    assert await client.printed("print(x)", second) == "1\n"
    job = await client.execute("print('x' in globals())", first)
    assert await reset_of(client, job["id"]) == ["its room was needed for another session"]


async def test_where_all_are_busy_a_job_waits_without_spending_an_attempt(client: Client, service: Service) -> None:
    worker_with(service)
    await empty_sandbox_with(service, SANDBOX_MAX_SESSIONS="1")
    busy = await client.execute(BUSY, await client.session())
    await client.until(busy["id"], "stdout", "started")
    session = await client.session()
    waiting = await client.submit("execute", {"code": "print('in')"}, session_id=session, max_attempts=1)
    behind = await client.execute("print('behind')", session)
    told = await client.until(waiting["id"], "job.retrying")
    assert "no room" in told[-1]["reason"]
    assert (await client.job(behind["id"]))["state"] == "queued"  # its place in the session is kept
    await client.http.post(f"/v1/jobs/{busy['id']}/cancel")
    ended = await client.ended(waiting["id"])
    assert (ended["state"], ended["result"]["stdout"]) == ("succeeded", "in\n")
    assert ended["attempt"] > ended["max_attempts"]
    assert (await client.ended(behind["id"]))["state"] == "succeeded"
