"""The runner from end to end with the demo model, through the same Strands agent as any other."""

from __future__ import annotations

import asyncio

import pytest

from workers.context import Interrupted
from workers.generator import history, runner


async def test_it_streams_a_program_and_says_what_it_is(job):
    one = job("demo")
    outcome = await one.run("ask for my name")
    assert outcome.result["model"] == "demo:library"
    assert "demo model" in outcome.result["explanation"]
    assert [call["prompt"] for call in outcome.result["inputs"]] == [
        "What is your name?",
        "In which year were you born?",
    ]
    assert outcome.result["code"] == one.code() == one.data("code.completed")[0]["code"]
    assert len(one.data("code.delta")) > 5
    assert outcome.usage["output_tokens"] > 0


async def test_it_stops_when_asked_and_keeps_what_it_wrote(job):
    one = job("demo")
    one.when["code.delta"] = one.context.stop.set
    with pytest.raises(Interrupted) as caught:
        await one.run("primes")
    assert caught.value.result["code"]
    assert "code.completed" not in one.types()


async def test_the_sessions_files_reach_it(job, monkeypatch):
    async def background(context, only):
        files = [
            {"path": "w.csv", "bytes": 9, "format": "csv", "columns": ["size", "kind"], "first_rows": [["1", "a"]]}
        ]
        return history.Background([], files)

    monkeypatch.setattr(runner, "background", background)
    outcome = await job("demo").run("mean size by kind")
    assert 'FILE = "w.csv"' in outcome.result["code"]


async def test_a_job_that_was_stopped_before_it_began_asks_nobody(job, bedrock):
    one = job("bedrock:x")
    one.context.stop.set()
    with pytest.raises(Interrupted):
        await one.run()
    assert bedrock.asked == []


async def test_describe_says_who_answers(job):
    described = await runner.describe(job("demo").context.resources)
    assert described["model"]["demo"] is True
    assert described["model"]["model"] == "demo:library"


async def test_many_jobs_share_one_chain(job):
    first = job("demo")
    jobs = [job("demo") for _ in range(20)]
    for each in jobs:
        each.context.resources = first.context.resources
    outcomes = await asyncio.gather(*(each.run(f"{number + 5} fibonacci numbers") for number, each in enumerate(jobs)))
    for number, outcome in enumerate(outcomes):
        assert f"NUMBER = {number + 5}\n" in outcome.result["code"]
