"""A program that asks, from its question to its answer, over the API."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from services import Client, Service, problem_of, text_of, types

from embedded.redis import RedisServer

PROGRAM = "import getpass\nname = input('name? ')\nprint('hello', name)\nword = getpass.getpass()\nprint(len(word))"


async def asked(client: Client, job_id: str, after: int = 0) -> dict[str, Any]:
    """What the job asks next."""
    async for event in client.stream(job_id, after):
        if event["type"] == "input.requested":
            return event
    raise AssertionError("it asked nothing")


async def answer(client: Client, job_id: str, request: str, text: str, **headers: str) -> Any:
    return await client.http.post(f"/v1/jobs/{job_id}/input", json={"request": request, "text": text}, headers=headers)


async def test_what_a_program_asks_is_answered_while_it_runs(client: Client, service_database: str) -> None:
    job = await client.execute(PROGRAM, await client.session())
    first = await asked(client, job["id"])
    assert (first["prompt"], first["password"]) == ("name? ", False)
    accepted = await answer(client, job["id"], first["request"], "Ada")
    assert (accepted.status_code, accepted.json()) == (202, {"job_id": job["id"], "request": first["request"]})
    second = await asked(client, job["id"], first["seq"])
    assert (second["prompt"], second["password"]) == ("Password: ", True)
    assert (await answer(client, job["id"], second["request"], "Xyzzy-plugh")).status_code == 202
    events = await client.events(job["id"])
    assert text_of(events) == "hello Ada\n11\n"
    steps = [event for event in events if event["type"].startswith("input.") or event["type"] == "stdout"]
    assert types(steps) == [
        "input.requested",
        "input.received",
        "stdout",
        "input.requested",
        "input.received",
        "stdout",
    ]
    assert events[-1]["job"]["state"] == "succeeded"
    connection = await asyncpg.connect(service_database)
    try:
        for table in ("events", "questions", "job_results", "job_inputs", "idempotency_keys"):
            found = await connection.fetchval(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%Xyzzy-plugh%'")
            assert found == 0, table
    finally:
        await connection.close()


async def test_no_log_has_the_answer(client: Client, service: Service) -> None:
    job = await client.execute("input('word? '); None")
    question = await asked(client, job["id"])
    await answer(client, job["id"], question["request"], "Sesame-open-up")
    await client.ended(job["id"])
    for log in service.folder.glob("*.log"):
        assert "Sesame-open-up" not in log.read_text(errors="replace"), log.name


async def test_the_first_of_two_tabs_wins(client: Client) -> None:
    job = await client.execute("print(input('?'))")
    question = await asked(client, job["id"])
    answers = await asyncio.gather(*(answer(client, job["id"], question["request"], f"tab {n}") for n in range(5)))
    assert sorted(one.status_code for one in answers) == [202, 409, 409, 409, 409]
    [won] = [n for n, one in enumerate(answers) if one.status_code == 202]
    problem_of(next(one for one in answers if one.status_code == 409))
    assert (await client.ended(job["id"]))["result"]["stdout"] == f"tab {won}\n"
    late = await answer(client, job["id"], question["request"], "late")
    assert late.status_code == 409


async def test_an_answer_sent_again_under_its_key_is_answered_as_the_first_time(client: Client) -> None:
    job = await client.execute("print(input('?'))")
    question = await asked(client, job["id"])
    first, again = [
        await answer(client, job["id"], question["request"], "once", **{"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await client.ended(job["id"]))["result"]["stdout"] == "once\n"


BAD_ANSWERS: list[dict[str, Any]] = [
    {"request": "q", "text": "a\x00b"},
    {"request": "q", "text": "x" * 10_001},
    {"request": "q" * 101, "text": ""},
    {"request": "", "text": ""},
    {"request": "q"},
    {"text": "x"},
    {"request": "q", "text": 5},
    {"request": "q", "text": "x", "more": 1},
]


async def test_a_bad_answer_is_refused_with_its_field(client: Client) -> None:
    job = await client.ran("pass")
    for body in BAD_ANSWERS:
        refused = await client.http.post(f"/v1/jobs/{job['id']}/input", json=body)
        assert refused.status_code == 422, body
        problem_of(refused)
    # Only then is it told that nothing is asked.
    assert (await answer(client, job["id"], "q", "x")).status_code == 409


async def test_given_inputs_come_first(client: Client) -> None:
    code = "print(input('one? '), input('two? '))"
    job = await client.execute(code, inputs=["given"])
    question = await asked(client, job["id"])
    assert question["prompt"] == "two? "
    await answer(client, job["id"], question["request"], "live")
    assert (await client.ended(job["id"]))["result"]["stdout"] == "one? given\ngiven live\n"


async def test_a_job_that_waits_for_an_answer_is_cancelled_and_its_session_goes_on(client: Client) -> None:
    session = await client.session()
    job = await client.execute("kept = 41\ninput('?')", session)
    question = await asked(client, job["id"])
    await client.http.post(f"/v1/jobs/{job['id']}/cancel")
    assert (await client.ended(job["id"]))["state"] == "cancelled"
    assert (await answer(client, job["id"], question["request"], "late")).status_code == 409
    assert await client.printed("print(kept + 1)", session) == "42\n"


async def test_waiting_does_not_count_as_run_time(client: Client) -> None:
    """The one second that the program may take passes while its question is open."""
    job = await client.execute("x = input('?')\nprint(x)", timeout_s=1)
    question = await asked(client, job["id"])
    held = await client.http.get(f"/v1/jobs/{job['id']}", params={"wait": 2})
    assert held.json()["state"] == "running"
    await answer(client, job["id"], question["request"], "after two seconds")
    assert (await client.ended(job["id"]))["result"]["stdout"] == "after two seconds\n"


async def test_a_lost_worker_s_question_is_stale_and_the_next_attempt_asks_anew(
    client: Client, service: Service
) -> None:
    job = await client.execute("print(input('?'))", await client.session())
    first = await asked(client, job["id"])
    service.kill("execute")
    service.run_worker()
    second = await asked(client, job["id"], first["seq"])
    assert (first["attempt"], second["attempt"]) == (1, 2)
    assert (await answer(client, job["id"], first["request"], "stale")).status_code == 409
    assert (await answer(client, job["id"], second["request"], "anew")).status_code == 202
    events = await client.events(job["id"])
    assert events[-1]["job"]["result"]["stdout"] == "anew\n"
    assert "sandbox.reset" in types(events)


async def test_an_answer_reaches_the_program_while_redis_is_away(client: Client, redis_server: RedisServer) -> None:
    job = await client.execute("print(input('?'))")
    question = await asked(client, job["id"])
    redis_server.pause()
    try:
        assert (await answer(client, job["id"], question["request"], "by Postgres")).status_code == 202
        assert (await client.ended(job["id"]))["result"]["stdout"] == "by Postgres\n"
    finally:
        redis_server.resume()
