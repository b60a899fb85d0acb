"""A job's stream: what it begins with, what it hints at, how it ends, and that one who reads slowly harms nobody."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services import Client, problem_of
from stream_rig import Api, Worker, blocks, job_name, session_name, until, until_count

from api.hub.vector import Vector
from core.events import log
from core.events.types import QueuePosition
from core.ids import Prefix, encode, new_id
from core.jobs.states import Holds
from core.workers import repository as workers

MB = 1024 * 1024


def seqs(found: list[dict[str, Any]]) -> list[int]:
    return [block["json"]["seq"] for block in found if "seq" in block["json"]]


# --- what nobody told -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dies_before", ["an event", "the terminal event"])
async def test_a_writer_that_dies_between_commit_and_publishing_leaves_no_watcher_waiting(
    client: Client, worker: Worker, dies_before: str
) -> None:
    session_id = await worker.life.session()
    claim = await worker.running(session_id=session_id)
    paths = [f"/v1/jobs/{job_name(claim)}/events", f"/v1/sessions/{session_name(session_id)}/events"]
    began = [asyncio.Event() for _ in paths]

    async def watch(path: str, begun: asyncio.Event) -> list[int]:
        seen = []
        async for block in blocks(client, path):
            seen.append(block)
            if block["event"] == "job.running":
                begun.set()
            if block["event"] == "job.succeeded":
                break
        return seqs(seen)

    watching = [asyncio.create_task(watch(*one)) for one in zip(paths, began, strict=True)]
    for begun in began:
        await begun.wait()
    worker.silent = dies_before == "an event"
    await worker.say(claim, "one")
    worker.silent = dies_before == "the terminal event"
    await worker.end(claim)
    assert await asyncio.gather(*watching) == [[1, 2, 3, 4]] * 2


async def test_a_watched_job_that_is_deleted_ends_its_stream(client: Client, worker: Worker) -> None:
    """A stream that is behind, and finds nothing where there was something."""
    claim = await worker.running()
    seen = []
    async for block in blocks(client, f"/v1/jobs/{job_name(claim)}/events"):
        seen.append(block)
        if len(seen) == 2:
            await worker.life.pool.execute("DELETE FROM jobs WHERE id = $1", claim.id)
    assert seqs(seen) == [1, 2]


# --- hints ------------------------------------------------------------------------------------------------


async def test_a_queued_job_is_told_its_place_whenever_that_changes(client: Client, worker: Worker) -> None:
    life = worker.life
    await workers.register(life.pool, new_id(), life.agent, [life.agent], "host", 1, 1, {})
    before = [await life.submit() for _ in range(3)]
    session_id = await life.session()
    mine = await life.submit(session_id=session_id)
    path = f"/v1/sessions/{session_name(session_id)}/events"
    places = []
    async for block in blocks(client, path):
        if block["event"] == "queue.position":
            assert "id" not in block
            QueuePosition.model_validate(block["json"])
            places.append(block["json"]["position"])
            if places[-1] == 3:
                await life.cancel(before[0])
                await life.cancel(before[1])
            elif places[-1] == 1:
                await life.cancel(before[2])
            elif not places[-1]:
                await life.cancel(mine)
        if block["event"] == "job.cancelled":
            break
    assert places in ([3, 1, 0], [3, 2, 1, 0])


async def test_a_running_job_has_no_place(client: Client, worker: Worker) -> None:
    claim = await worker.running()
    seen = []
    async for block in blocks(client, f"/v1/jobs/{job_name(claim)}/events"):
        seen.append(block["event"])
        if seen[-1] == "job.running":
            other = await worker.life.submit()
            async for hinted in blocks(client, f"/v1/jobs/{encode(Prefix.JOB, other)}/events"):
                if hinted["event"] == "queue.position":
                    break  # so the hints have been worked out
            await worker.end(claim)
    assert seen == ["job.queued", "job.running", "job.succeeded"]


# --- the end ----------------------------------------------------------------------------------------------


async def test_after_the_end_there_is_nothing(client: Client, worker: Worker) -> None:
    claim = await worker.running()
    await worker.end(claim)
    path = f"/v1/jobs/{job_name(claim)}/events"
    for last, status in (("2", 200), ("3", 204), ("4", 204), ("99999999", 204)):
        answer = await client.http.get(path, headers={"Last-Event-ID": last})
        assert answer.status_code == status, last


async def test_at_a_shutdown_streams_end_properly_and_go_on_elsewhere(client: Client, api: Api, worker: Worker) -> None:
    session_id = await worker.life.session()
    claim = await worker.running(session_id=session_id)
    paths = [f"/v1/jobs/{job_name(claim)}/events", f"/v1/sessions/{session_name(session_id)}/events"]
    waiting = asyncio.create_task(client.http.get(f"/v1/jobs/{job_name(claim)}", params={"wait": 60}))
    await until(lambda: _watched(api, 1))
    begun = [asyncio.Event() for _ in paths]
    reading = [asyncio.create_task(_to_the_end(client, path, one)) for path, one in zip(paths, begun, strict=True)]
    async with asyncio.timeout(60):
        await asyncio.gather(*(one.wait() for one in begun))  # a connection alone is no stream yet
    api.program.send(signal.SIGTERM)
    # Not broken off: an answer that was not brought to its end would raise here.
    ended = await asyncio.gather(*reading)
    assert [seqs(found) for found in ended] == [[1, 2]] * 2
    assert (await waiting).json()["state"] == "running"
    await asyncio.to_thread(api.program.wait)
    await worker.say(claim, "one")
    api.start()
    await api.ready()
    for path, found in zip(paths, ended, strict=True):
        assert seqs(await until_count(client, path, 1, found[-1]["id"])) == [3]


async def _to_the_end(client: Client, path: str, begun: asyncio.Event) -> list[dict[str, Any]]:
    """All events; `begun` is set with the second."""
    found = []
    async for block in blocks(client, path):
        found.append(block)
        if len(found) == 2:
            begun.set()
    return found


async def _watched(api: Api, count: int) -> bool:
    """So many connections are open."""
    every = psutil.Process(api.program.pid).net_connections("tcp")
    open_ = [one for one in every if one.status == "ESTABLISHED"]
    return len([one for one in open_ if one.laddr.port == api.port]) >= count


# --- who reads slowly -------------------------------------------------------------------------------------


async def test_who_takes_nothing_is_cut_off_and_resumes_and_delays_nobody(
    client: Client, api: Api, worker: Worker
) -> None:
    claim = await worker.running()
    path = f"/v1/jobs/{job_name(claim)}/events"
    slow = [_stuck(api.port, path) for _ in range(30)]
    quick = asyncio.create_task(_numbers_to_the_end(client, path))
    process = psutil.Process(api.program.pid)
    before = process.memory_info().rss
    text = "x" * 16_000
    for _ in range(15):
        await worker.say(claim, *[text] * 50)
    most = process.memory_info().rss
    await worker.end(claim)
    last = 3 + 15 * 50
    assert await quick == list(range(1, last + 1))
    # 12 MB were said to each of thirty who took none of it.
    assert max(most, process.memory_info().rss) - before < 100 * MB

    async def all_gone() -> bool:
        return not await _watched(api, 2)

    await until(all_gone)
    for one in slow:
        one.setblocking(False)
    received = [await _drained(one) for one in slow]
    for one in slow:
        one.close()
    for taken in received[:3]:
        seen = [int(line[4:]) for line in taken.split(b"\n") if line.startswith(b"id: ")]
        whole = taken.count(b"\n\n") and [number for number in seen if f"id: {number}\n".encode() in taken]
        assert whole
        # The last block may be torn: what came whole is what counts, as for any reader of such a stream.
        last_whole = seen[-1] if taken.endswith((b"\n\n", b"\n\n\r\n")) else seen[-2]
        assert last_whole < last
        rest = await client.http.get(path, headers={"Last-Event-ID": str(last_whole)})
        numbers = [int(line[4:]) for line in rest.text.split("\n") if line.startswith("id: ")]
        assert seen[: seen.index(last_whole) + 1] + numbers == list(range(1, last + 1))


def _stuck(port: int, path: str) -> socket.socket:
    """A client that asks for a stream and takes nothing of it."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", port))
    made.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    return made


async def _drained(client: socket.socket) -> bytes:
    """All that reached the client before the connection was ended."""
    loop = asyncio.get_running_loop()
    found = b""
    with contextlib.suppress(OSError):
        async with asyncio.timeout(30):
            while piece := await loop.sock_recv(client, 1 << 16):
                found += piece
    return found


async def _numbers_to_the_end(client: Client, path: str) -> list[int]:
    return [block["json"]["seq"] async for block in blocks(client, path) if "seq" in block["json"]]


# --- what cannot be resumed from --------------------------------------------------------------------------

TEXT = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=40)
NUMBERS = st.integers(-(10**25), 10**25) | st.integers(-3, 12)
FUZZ = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FUZZ
@given(value=TEXT | NUMBERS.map(str) | st.binary(min_size=1, max_size=9).map(lambda raw: raw.hex()), live=st.booleans())
async def test_any_last_event_id_is_the_right_place_or_a_clear_400(
    client: Client, worker: Worker, value: str, live: bool
) -> None:
    claim = await _fuzzed(worker, live)
    count = 6 if live else 7
    path = f"/v1/jobs/{job_name(claim)}/events"
    headers = {"Last-Event-ID": value}
    number = int(value) if value.isascii() and value.isdigit() else -1
    async with client.http.stream("GET", path, headers=headers) as answer:
        if answer.status_code == 400:
            await answer.aread()
            assert problem_of(answer)["type"] == "/problems/bad-event-id"
            assert not 0 <= number <= count
            assert live or number < 0 or len(value) > 10
        elif answer.status_code == 204:
            assert not live
            assert number >= count
        else:
            assert answer.status_code == 200
            assert 0 <= number <= count
            lines = answer.aiter_lines()
            wanted = f"id: {number + 1}" if number < count else ": events of"
            while not (line := await anext(lines)).startswith("id:" if number < count else ": events of"):
                pass
            assert line.startswith(wanted)


_kept: dict[bool, Any] = {}


async def _fuzzed(worker: Worker, live: bool) -> Any:
    """One job for all values, running or ended, with a few events."""
    if live not in _kept:
        _kept[live] = claim = await worker.running()
        await worker.say(claim, *"abcd")
        if not live:
            await worker.end(claim)
    return _kept[live]


_session: list[Any] = []


@FUZZ
@given(
    value=TEXT
    | NUMBERS.map(str)
    | st.tuples(st.integers(0, 60), st.sampled_from("Aa0_-x")).map(lambda change: f"~{change[0]}{change[1]}")
    | st.lists(st.integers(0, 2**31 - 1), max_size=5).map(lambda seen: "=" + ",".join(map(str, seen)))
)
async def test_any_id_of_a_session_is_the_right_place_or_a_clear_400(
    client: Client, worker: Worker, value: str
) -> None:
    """Noise, ids with one character changed (~), and ids that were never given out (=)."""
    if not _session:
        session_id = await worker.life.session()
        for holds in (Holds.SANDBOX, Holds.CONVERSATION):
            await worker.say(await worker.running(session_id=session_id, holds=holds), "one")
        found = await until_count(client, f"/v1/sessions/{session_name(session_id)}/events", 6)
        _session.extend((session_id, found[-1]["id"]))
    session_id, last = _session
    if value[0] == "~" and len(value) > 2 and value[1:-1].isdigit():
        at = int(value[1:-1]) % len(last)
        value = last[:at] + value[-1] + last[at + 1 :]
    elif value[0] == "=":
        vector = Vector(0)
        for arrival, seq in enumerate(filter(None, value[1:].split(",")), start=1):
            vector[arrival] = int(seq)
        value = vector.written(session_id)
    path = f"/v1/sessions/{session_name(session_id)}/events"
    async with client.http.stream("GET", path, headers={"Last-Event-ID": value}) as answer:
        if answer.status_code == 400:
            await answer.aread()
            assert problem_of(answer)["type"] == "/problems/bad-event-id"
        else:
            assert answer.status_code == 200
            lines = answer.aiter_lines()
            while not (await anext(lines)).startswith("event: session.updated"):
                pass


async def test_an_id_of_another_session_is_refused(client: Client, worker: Worker) -> None:
    ids = []
    for _ in range(2):
        session_id = await worker.life.session()
        await worker.running(session_id=session_id)
        path = f"/v1/sessions/{session_name(session_id)}/events"
        ids.append((await until_count(client, path, 2))[-1]["id"])
    answer = await client.http.get(path, headers={"Last-Event-ID": ids[0]})
    assert problem_of(answer)["type"] == "/problems/bad-event-id"


async def test_a_page_of_a_log_is_as_large_as_one_may_be(client: Client, worker: Worker) -> None:
    """And the pages together are the log."""
    claim = await worker.running()
    for _ in range(10):
        await worker.say(claim, *["\\" * 16_000] * 30)
    await worker.end(claim)
    path, after, found = f"/v1/jobs/{job_name(claim)}/events", 0, []
    while after is not None:
        answer = await client.http.get(
            path, params={"after": after, "limit": 1000}, headers={"Accept": "application/json"}
        )
        assert len(answer.content) < 6 * MB
        found += answer.json()["items"]
        after = answer.json()["next_after"]
    job = (await worker.life.job(claim.id)).view()
    stored = await log.read(worker.life.pool, claim.id, 0, 1000)
    assert found == [event.view() | ({"job": job} if event.terminal else {}) for event in stored]
    assert seqs([block async for block in blocks(client, path)]) == [event.seq for event in stored]
