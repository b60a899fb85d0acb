"""The runner with the unmodified Bedrock client and Strands agents, against a double on the real wire."""

from __future__ import annotations

import asyncio

import pytest

from core.jobs.states import Failure
from tests.doubles.bedrock import (
    DENIED,
    END_OF_LIFE,
    EXPIRED,
    THROTTLED,
    Break,
    End,
    Fail,
    Refuse,
    Say,
    Stall,
    Vanish,
)
from workers.context import AgentFailure, Interrupted

A, B = "us.first-v1:0", "us.second-v1:0"
GOOD = (Say("Prints one.\n\n``"), Say("`python\nprint"), Say("(1)\n`"), Say("``\n"), End())
CODE = "print(1)\n"


async def test_an_answer_streams_as_prose_and_code(bedrock, job):
    bedrock.script(A, *GOOD)
    one = job(f"bedrock:{A}")
    outcome = await one.run("print one")
    assert outcome.result == {
        "code": CODE,
        "explanation": "Prints one.",
        "inputs": [],
        "model": f"bedrock:{A}",
    }
    assert outcome.usage == {"model": f"bedrock:{A}", "input_tokens": 11, "output_tokens": 7}
    assert one.types() == ["model.selected", "text.delta", "code.delta", "code.completed"]
    assert one.code() == CODE
    assert one.data("code.completed") == [{"code": CODE, "explanation": "Prints one."}]


async def test_the_model_is_told_where_it_stands_and_what_is_wanted(bedrock, job):
    bedrock.script(A, *GOOD)
    await job(f"bedrock:{A}", model_max_tokens=77).run("print one")
    (model, body), *_ = bedrock.asked
    assert model == A
    assert "sandbox" in body["system"][0]["text"]
    assert body["messages"] == [{"role": "user", "content": [{"text": "<request>\nprint one\n</request>"}]}]
    assert body["inferenceConfig"] == {"maxTokens": 77}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (THROTTLED, "throttled"),
        (DENIED, "denied"),
        (END_OF_LIFE, "end of life"),
        (Refuse(400, "ValidationException", "The provided model identifier is invalid."), "nobody knows"),
        (Refuse(400, "ValidationException", "Malformed input request"), "rejected"),
        (Refuse(500, "InternalServerException"), "unavailable"),
        (Refuse(503, "ServiceUnavailableException"), "unavailable"),
        (Fail("modelStreamErrorException"), "unavailable"),
        (Fail("throttlingException"), "throttled"),
    ],
)
async def test_a_candidate_that_fails_passes_the_question_on(bedrock, job, fault, reason):
    bedrock.script(A, fault)
    bedrock.script(B, *GOOD)
    one = job(f"bedrock:{A}", f"bedrock:{B}")
    outcome = await one.run()
    assert outcome.result["model"] == f"bedrock:{B}"
    (fallback,) = one.data("model.fallback")
    assert (fallback["from"], fallback["to"]) == (f"bedrock:{A}", f"bedrock:{B}")
    assert reason in fallback["reason"]
    assert bedrock.models_asked() == [A, B]
    assert one.code() == CODE


@pytest.mark.parametrize("fault", [Break(), Vanish(), Fail("internalServerException")])
async def test_an_answer_that_breaks_off_begins_anew_with_the_next(bedrock, job, fault):
    bedrock.script(A, Say("Old words.\n```python\nold = 1\n"), fault)
    bedrock.script(B, *GOOD)
    one = job(f"bedrock:{A}", f"bedrock:{B}")
    outcome = await one.run()
    assert outcome.result["code"] == one.code() == CODE
    assert outcome.result["explanation"] == "Prints one."
    types = one.types()
    assert types.index("model.fallback") < types.index("code.reset") < len(types) - 1
    assert [data["model"] for data in one.data("model.selected")] == [f"bedrock:{A}", f"bedrock:{B}"]


async def test_a_silent_model_is_given_up(bedrock, job):
    bedrock.script(A, Say("Well"), Stall())
    bedrock.script(B, *GOOD)
    one = job(f"bedrock:{A}", f"bedrock:{B}", model_timeout_s=0.5)
    assert (await one.run()).result["code"] == CODE
    assert "silent" in one.data("model.fallback")[0]["reason"]


async def test_an_address_where_nobody_answers_is_a_fault_like_others(bedrock, job):
    one = job(f"bedrock:{A}", "demo")
    one.context.settings.bedrock_endpoint = "http://127.0.0.1:9"
    outcome = await one.run("primes")
    assert outcome.result["model"] == "demo:library"
    assert "reached" in one.data("model.fallback")[0]["reason"]


async def test_when_all_fail_the_user_learns_why_and_what_to_do(bedrock, job):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, END_OF_LIFE)
    with pytest.raises(AgentFailure) as caught:
        await job(f"bedrock:{A}", f"bedrock:{B}").run()
    error = caught.value.error
    assert caught.value.type is Failure.MODEL_UNAVAILABLE
    assert [each["model"] for each in error["tried"]] == [f"bedrock:{A}", f"bedrock:{B}"]
    assert "throttled" in error["detail"]
    assert "ACI_MODELS" in error["detail"]


@pytest.mark.parametrize("fault", [DENIED, EXPIRED])
async def test_neither_secrets_nor_account_numbers_are_in_an_error(bedrock, job, fault):
    bedrock.script(A, fault)
    with pytest.raises(AgentFailure) as caught:
        await job(f"bedrock:{A}").run()
    for hidden in ("very-secret-key", "AKIDEXAMPLE", "123456789012", "Traceback"):
        assert hidden not in str(caught.value.error)


async def test_expired_credentials_are_told_and_no_other_model_of_aws_is_asked(bedrock, job):
    bedrock.script(A, EXPIRED)
    with pytest.raises(AgentFailure, match="model-unavailable") as caught:
        await job(f"bedrock:{A}", f"bedrock:{B}").run()
    assert bedrock.models_asked() == [A]
    assert "Renew the AWS credentials" in caught.value.error["detail"]


async def test_a_request_is_never_sent_twice_to_one_model(bedrock, job):
    bedrock.script(A, Refuse(503, "ServiceUnavailableException"))
    with pytest.raises(AgentFailure):
        await job(f"bedrock:{A}").run()
    assert bedrock.models_asked() == [A]


@pytest.mark.parametrize("reason", ["guardrail_intervened", "content_filtered"])
async def test_a_refusal_is_final(bedrock, job, reason):
    bedrock.script(A, Say("I can't."), End(reason))
    with pytest.raises(AgentFailure) as caught:
        await job(f"bedrock:{A}", f"bedrock:{B}").run()
    assert caught.value.type is Failure.CONTENT_REFUSED
    assert bedrock.models_asked() == [A]


async def test_a_cancel_stops_a_stalled_model_and_keeps_what_it_wrote(bedrock, job):
    stall = Stall()
    bedrock.script(A, Say("Counts.\n```python\nx = 1\ny = "), stall)
    one = job(f"bedrock:{A}", f"bedrock:{B}")
    running = asyncio.create_task(one.run())
    written = asyncio.Event()
    one.when["code.delta"] = written.set
    await written.wait()
    one.context.stop.set()
    with pytest.raises(Interrupted) as caught:
        await running
    assert not stall.release.is_set()
    assert caught.value.result["code"] == "x = 1\ny =\n"
    assert caught.value.result["explanation"] == "Counts."
    assert bedrock.models_asked() == [A]


async def test_a_cancel_before_the_first_word_stops_as_well(bedrock, job):
    stall = Stall()
    bedrock.script(A, stall)
    one = job(f"bedrock:{A}", f"bedrock:{B}")
    running = asyncio.create_task(one.run())
    await asyncio.to_thread(stall.reached.wait)
    one.context.stop.set()
    with pytest.raises(Interrupted) as caught:
        await running
    assert caught.value.result["code"] == ""
    assert bedrock.models_asked() == [A]


async def test_code_that_does_not_parse_is_mended_once_by_its_author(bedrock, job):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, Say("Prints.\n```python\nprint(1\n```"), End())
    bedrock.script(B, Say("Sorry!\n```python\nprint(1)\n```"), End())
    one = job(f"bedrock:{A}", f"bedrock:{B}")
    outcome = await one.run()
    assert outcome.result["code"] == one.code() == CODE
    assert outcome.result["explanation"] == "Prints."
    assert outcome.usage == {"model": f"bedrock:{B}", "input_tokens": 22, "output_tokens": 14}
    assert bedrock.models_asked() == [A, B, B]
    messages = bedrock.asked[-1][1]["messages"]
    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert "was never closed" in messages[-1]["content"][0]["text"]


async def test_when_the_days_budget_is_used_up_by_the_first_answer_nobody_is_asked_to_mend_it(bedrock, job):
    class Spent:
        async def overspent(self, claim, used):
            return "The 10 tokens are used." if used.tokens > 10 else None

    bedrock.script(A, Say("Prints.\n```python\nprint(1\n```"), End())
    one = job(f"bedrock:{A}")
    one.context.quotas = Spent()
    with pytest.raises(AgentFailure) as failed:
        await one.run()
    assert failed.value.error["type"] == "budget-exceeded"
    assert failed.value.result["code"] == "print(1\n"
    assert failed.value.usage["input_tokens"] == 11
    assert bedrock.models_asked() == [A]


async def test_with_nothing_left_no_model_is_asked(bedrock, job):
    class Spent:
        async def overspent(self, claim, used):
            return "All is used."

    one = job(f"bedrock:{A}")
    one.context.quotas = Spent()
    with pytest.raises(AgentFailure):
        await one.run()
    assert bedrock.models_asked() == []


async def test_code_that_cannot_be_mended_is_given_with_a_warning(bedrock, job):
    bedrock.script(A, Say("Prints.\n```python\nprint(1\n```"), End())
    outcome = await job(f"bedrock:{A}").run()
    assert outcome.result["code"] == "print(1\n"
    assert "will not run as it is" in outcome.result["explanation"]
    assert bedrock.models_asked() == [A, A]


async def test_what_a_refused_mend_cost_is_counted(bedrock, job):
    bedrock.script(A, Say("Prints.\n```python\nprint(1\n```"), End())
    bedrock.script(A, Say("No."), End("content_filtered"))
    outcome = await job(f"bedrock:{A}").run()
    assert outcome.result["code"] == "print(1\n"
    assert outcome.usage == {"model": f"bedrock:{A}", "input_tokens": 22, "output_tokens": 14}


async def test_an_answer_cut_off_at_its_longest_length_is_asked_for_again(bedrock, job):
    bedrock.script(A, Say("Long.\n```python\nx = 1\n"), End("max_tokens"))
    bedrock.script(A, *GOOD)
    outcome = await job(f"bedrock:{A}").run()
    assert outcome.result["code"] == CODE
    assert "shorter" in bedrock.asked[-1][1]["messages"][-1]["content"][0]["text"]


async def test_a_question_back_is_an_answer_without_a_program(bedrock, job):
    bedrock.script(A, Say("Which column do you mean?"), End())
    outcome = await job(f"bedrock:{A}").run()
    assert outcome.result["code"] == ""
    assert outcome.result["explanation"] == "Which column do you mean?"


async def test_more_answers_stream_at_once_than_threads_come_with_python(bedrock, job):
    """Each answer holds a thread; with asyncio's usual number of them some here would never begin."""
    many = 40
    stalls = [Stall() for _ in range(many)]
    for stall in stalls:
        bedrock.script(A, stall, *GOOD)
    one = job(f"bedrock:{A}", worker_slots=many)
    jobs = [job(f"bedrock:{A}") for _ in range(many)]
    for each in jobs:
        each.context.resources = one.context.resources
    running = [asyncio.create_task(each.run()) for each in jobs]
    all_wait = await asyncio.to_thread(lambda: all(stall.reached.wait(30) for stall in stalls))
    bedrock.release_all()
    outcomes = await asyncio.gather(*running)
    assert all_wait
    assert {outcome.result["code"] for outcome in outcomes} == {CODE}
