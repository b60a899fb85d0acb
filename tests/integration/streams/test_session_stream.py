"""One stream carries all jobs of a session, those to come included, and goes on exactly where a client left it."""

from __future__ import annotations

from uuid import UUID

from services import Client
from stream_rig import Worker, blocks, job_name, numbered, session_name, taken, until_count

from core.events import log
from core.ids import Prefix, encode
from core.jobs.states import Holds, State


async def test_every_job_of_the_session_is_on_the_stream_and_those_that_come_join_it(
    client: Client, worker: Worker
) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    old = await worker.running(session_id=session_id)
    await worker.end(old)
    now = await worker.running(session_id=session_id)
    seen = []
    other = None
    async for block in blocks(client, path):
        seen.append(block)
        event = block["json"]
        if event.get("job_id") == job_name(now) and event["type"] == "job.running":
            # Nobody tells of this one but Postgres.
            other = await worker.running(session_id=session_id, holds=Holds.CONVERSATION)
            await worker.say(now, "one")
            await worker.end(now)
        if other and event.get("job_id") == job_name(other) and event["type"] == "job.running":
            await worker.end(other, State.FAILED)
        if event["type"] == "job.failed":
            break
    assert other
    assert numbered(seen) == {job_name(old): [1, 2, 3], job_name(now): [1, 2, 3, 4], job_name(other): [1, 2, 3]}
    assert seen[0]["event"] == "session.updated"
    assert seen[0]["json"]["session"]["id"] == session_name(session_id)


async def test_after_any_event_the_rest_comes_and_nothing_twice(client: Client, worker: Worker) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    first = await worker.running(session_id=session_id)
    talk = await worker.running(session_id=session_id, holds=Holds.CONVERSATION)
    waiting = [await worker.life.submit(session_id=session_id) for _ in range(3)]
    for text in "abc":
        await worker.say(first, text)
        await worker.say(talk, text)
    await worker.end(first)
    await worker.life.cancel(waiting[1])
    count = 2 + 3 + 2 + 3 + 1 + 4
    every = await until_count(client, path, count)
    want = numbered(every)
    assert sum(map(len, want.values())) == count
    for at, block in enumerate(every):
        rest = await until_count(client, path, count - at - 1, block["id"])
        both = numbered(every[: at + 1] + rest)
        assert both == {job: list(range(1, len(numbers) + 1)) for job, numbers in want.items()}, at


async def test_now_begins_with_what_comes(client: Client, worker: Worker) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    ended = await worker.running(session_id=session_id)
    await worker.end(ended)
    live = await worker.running(session_id=session_id)
    seen = []
    async for block in blocks(client, path, after="now"):
        seen.append(block)
        if block["event"] == "session.updated" and len(seen) == 1:
            await worker.say(live, "new")
            await worker.running(session_id=session_id, holds=Holds.CONVERSATION)
        if block["event"] == "job.running":
            break
    jobs = numbered(seen)
    assert job_name(ended) not in jobs
    assert jobs[job_name(live)] == [3]
    assert sorted(map(tuple, jobs.values())) == [(1, 2), (3,)]
    # The very first block says where one is, though nothing had happened yet.
    rest = await until_count(client, path, 3, seen[0]["id"])
    assert numbered(rest) == jobs


async def test_an_id_stays_short_however_many_jobs_there_are(client: Client, worker: Worker) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    jobs = [await worker.life.submit(session_id=session_id) for _ in range(300)]
    for job in jobs[:100]:
        await worker.life.cancel(job)
    found = await taken(client, path, lambda block: block["json"].get("job_id") == encode(Prefix.JOB, jobs[-1]))
    assert len(found[-1]["id"]) < 120
    assert len(numbered(await until_count(client, path, 400))) == 300


async def test_a_deleted_job_is_passed_over(client: Client, worker: Worker) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    claims = []
    for _ in range(4):
        claims.append(await worker.running(session_id=session_id))
        await worker.end(claims[-1])
    [*_, seen] = await until_count(client, path, 3)
    for claim in (claims[1], claims[3]):
        assert (await client.http.delete(f"/v1/jobs/{job_name(claim)}")).status_code == 204
    rest = await until_count(client, path, 3, seen["id"])
    assert numbered(rest) == {job_name(claims[2]): [1, 2, 3]}
    last = await worker.running(session_id=session_id)
    assert numbered(await until_count(client, path, 2, rest[-1]["id"])) == {job_name(last): [1, 2]}


async def test_a_renamed_session_is_shown_anew(client: Client, worker: Worker) -> None:
    session_id = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}"
    titles = []
    async for block in blocks(client, path + "/events"):
        titles.append(block["json"]["session"]["title"])
        if len(titles) == 1:
            assert (await client.http.patch(path, json={"title": "Wine"})).status_code == 200
        else:
            break
    assert titles == ["", "Wine"]


async def test_the_stream_has_what_the_log_has(client: Client, worker: Worker) -> None:
    """To the byte, live and replayed."""
    session_id: UUID = await worker.life.session()
    path = f"/v1/sessions/{session_name(session_id)}/events"
    claim = await worker.running(session_id=session_id)
    live = []
    async for block in blocks(client, path):
        if "seq" not in block["json"]:
            continue
        live.append(block["data"])
        if block["event"] == "job.running":
            await worker.say(claim, 'ä "quoted" \n\x1f\x00 \ud800 😀', "")
            await worker.end(claim)
        if block["event"] == "job.succeeded":
            break
    job = (await worker.life.job(claim.id)).view()
    stored = [event.line(job if event.terminal else None) for event in await log.read(worker.life.pool, claim.id, 0, 9)]
    assert live == stored
    assert [block["data"] for block in await until_count(client, path, 5)] == stored
