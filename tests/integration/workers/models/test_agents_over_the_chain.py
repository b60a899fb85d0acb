"""A Strands agent with tools over the chain, with the unmodified Bedrock client, against a double on the real wire."""

from __future__ import annotations

import asyncio

import pytest
from strands import Agent, tool

from core.jobs.states import Failure
from core.settings import Settings
from tests.doubles.bedrock import (
    THROTTLED,
    Break,
    End,
    Fail,
    Say,
    Stall,
    Think,
    Use,
    results_in,
)
from workers.context import AgentFailure, Interrupted
from workers.models.agent_model import AgentModel, unwrapped
from workers.models.answer import Answering, Argument, Calling, Ended, FellBack, Said, Thinking
from workers.models.chain import ModelChain

A, B = "us.first-v1:0", "us.second-v1:0"
CALL = Use("run_python", {"code": "print(6 * 7)"})

pytestmark = pytest.mark.usefixtures("aws")


class Run:
    """An agent with one tool over a chain, and all that was heard of its models."""

    def __init__(self, bedrock, *models, **settings):
        self.heard = []
        self.ran = []
        self.written = asyncio.Event()
        """The input of a call has come to its end."""
        self.stop = asyncio.Event()
        chain = ModelChain(
            Settings(models=[f"bedrock:{model}" for model in models], bedrock_endpoint=bedrock.url, **settings)
        )

        @tool
        def run_python(code: str) -> str:
            """Run a program.

            Args:
                code: The program.
            """
            self.ran.append(code)
            return "42"

        self.agent = Agent(
            model=AgentModel(chain, self.stop, self.hear),
            tools=[run_python],
            system_prompt="You solve tasks.",
            callback_handler=None,
            retry_strategy=None,
        )

    def hear(self, piece):
        self.heard.append(piece)
        if isinstance(piece, Argument) and piece.text.endswith("}"):
            self.written.set()

    async def ask(self, task="6 times 7?"):
        with unwrapped():
            return await self.agent.invoke_async(task)

    def of(self, kind):
        return [piece for piece in self.heard if isinstance(piece, kind)]


async def test_a_tool_is_called_and_its_result_goes_back(bedrock):
    bedrock.script(A, Say("I work it out."), CALL, End("tool_use"))
    bedrock.script(A, Say("It is "), Say("42."), End())
    run = Run(bedrock, A)
    result = await run.ask()
    assert run.ran == ["print(6 * 7)"]
    assert str(result).strip() == "It is 42."
    (first, second) = [body for _, body in bedrock.asked]
    assert first["toolConfig"]["tools"][0]["toolSpec"]["name"] == "run_python"
    assert results_in(first) == []
    assert results_in(second)[0]["content"] == [{"text": "42"}]
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "user"]
    assert second["messages"][1]["content"][1]["toolUse"]["input"] == {"code": "print(6 * 7)"}


async def test_what_the_model_says_and_the_call_it_writes_are_heard_as_they_come(bedrock):
    stall = Stall()
    bedrock.script(A, Think("hm"), Say("I work it out."), CALL, stall, End("tool_use"))
    bedrock.script(A, Say("42."), End())
    run = Run(bedrock, A)
    running = asyncio.create_task(run.ask())
    await asyncio.to_thread(stall.reached.wait)
    await run.written.wait()
    assert [type(piece) for piece in run.heard[:4]] == [Answering, Thinking, Said, Calling]
    assert run.of(Calling) == [Calling("run_python")]
    assert "".join(piece.text for piece in run.of(Argument)) == '{"code": "print(6 * 7)"}'
    assert run.ran == []
    stall.release.set()
    await running
    assert [ended.how for ended in run.of(Ended)] == ["tools", "complete"]
    assert sum(ended.usage.input_tokens for ended in run.of(Ended)) == 22


async def test_a_player_answers_by_what_it_is_told(bedrock):
    def player(body):
        results = results_in(body)
        if len(results) < 3:
            return [Use("run_python", {"code": f"step {len(results)}"}, id=f"t{len(results)}"), End("tool_use")]
        return [Say("done"), End()]

    bedrock.play(A, player)
    run = Run(bedrock, A)
    await run.ask()
    assert run.ran == ["step 0", "step 1", "step 2"]


@pytest.mark.parametrize("fault", [Break(), Fail("modelStreamErrorException")])
async def test_a_break_within_an_answer_never_reaches_the_agent(bedrock, fault):
    bedrock.script(A, Say("Half a"), Use("run_python", {"code": "never"}), fault)
    bedrock.script(B, CALL, End("tool_use"))
    bedrock.script(B, Say("42."), End())
    run = Run(bedrock, A, B)
    await run.ask()
    assert run.ran == ["print(6 * 7)"]
    assert [piece.to_model for piece in run.of(FellBack)] == [f"bedrock:{B}"]
    texts = [block["text"] for message in run.agent.messages for block in message["content"] if "text" in block]
    assert "Half a" not in "".join(texts)


async def test_who_answered_is_asked_first_for_the_rest_of_the_job(bedrock):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, CALL, End("tool_use"))
    bedrock.script(B, Say("42."), End())
    run = Run(bedrock, A, B)
    await run.ask()
    assert bedrock.models_asked() == [A, B, B]


async def test_when_nobody_answers_the_agent_ends_with_the_reason(bedrock):
    bedrock.script(A, THROTTLED)
    with pytest.raises(AgentFailure) as caught:
        await Run(bedrock, A).ask()
    assert caught.value.type is Failure.MODEL_UNAVAILABLE


async def test_a_refusal_in_a_later_turn_is_final(bedrock):
    bedrock.script(A, CALL, End("tool_use"))
    bedrock.script(A, Say("No."), End("guardrail_intervened"))
    with pytest.raises(AgentFailure) as caught:
        await Run(bedrock, A, B).ask()
    assert caught.value.type is Failure.CONTENT_REFUSED
    assert bedrock.models_asked() == [A, A]


async def test_a_stop_ends_the_agent_and_the_call_half_written_is_not_run(bedrock):
    stall = Stall()
    bedrock.script(A, CALL, stall)
    run = Run(bedrock, A)
    running = asyncio.create_task(run.ask())
    await asyncio.to_thread(stall.reached.wait)
    run.stop.set()
    with pytest.raises(Interrupted):
        await running
    assert run.ran == []
    assert not stall.release.is_set()


async def test_thoughts_go_back_with_the_tools_results(bedrock):
    bedrock.script(A, Think("six sevens"), CALL, End("tool_use"))
    bedrock.script(A, Say("42."), End())
    await Run(bedrock, A).ask()
    (block, _) = bedrock.asked[1][1]["messages"][1]["content"]
    assert block["reasoningContent"]["reasoningText"]["text"] == "six sevens"
