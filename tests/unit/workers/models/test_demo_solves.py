"""The demo model with a tool that runs code: plan, run, look, answer; and no word that it cannot stand by."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.agents.generate import GenerateInput
from workers.generator.preview import HEAD, describe
from workers.generator.request import compose
from workers.models.demo.model import DemoModel
from workers.models.demo.solving import code_tool, turn

WINE = Path(__file__).parents[4] / "examples/wine.csv"
TOOL = {
    "name": "run_python",
    "description": "Runs code",
    "inputSchema": {"json": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]}},
}


def user(text):
    return {"role": "user", "content": [{"text": text}]}


def task(prompt):
    return user(compose(GenerateInput(prompt=prompt), [describe("wine.csv", 1, WINE.read_bytes()[:HEAD])]))


def used(code, id_="one"):
    return {
        "role": "assistant",
        "content": [{"toolUse": {"toolUseId": id_, "name": "run_python", "input": {"code": code}}}],
    }


def gave(text, id_="one", status="success"):
    result = {"toolUseId": id_, "status": status, "content": [{"text": text}]}
    return {"role": "user", "content": [{"toolResult": result}]}


def test_the_tool_that_runs_code_is_known_by_what_it_takes():
    assert code_tool(
        [{"name": "other", "inputSchema": {"json": {"properties": {"path": {"type": "string"}}}}}, TOOL]
    ) == (
        "run_python",
        "code",
    )
    assert code_tool([]) is None
    assert code_tool(None) is None


def test_it_says_its_plan_and_runs_a_program():
    first = turn([task("average alcohol by class in wine.csv")], "code")
    assert "demo model" in first.says
    assert 'GROUP = "class"' in first.code


def test_it_answers_with_what_the_program_printed_and_claims_no_more():
    asked = task("average alcohol by class in wine.csv")
    done = turn([asked, used("x"), gave("class_0: 13.74")], "code")
    assert done.code is None
    assert "class_0: 13.74" in done.says
    assert "cannot tell" in done.says


@pytest.mark.parametrize("status", ["error", "success"])
def test_an_error_that_it_knows_is_mended_and_run_once_more(status):
    error = "Traceback (most recent call last):\n  File x\nKeyError: 'alcool'"
    asked = task("average alcohol by class in wine.csv")
    again = turn([asked, used("print(table['alcool'])"), gave(error, status=status)], "code")
    assert again.code == "print(table['alcohol'])"
    twice = [asked, used("a = table['alcool']"), gave(error, status=status)]
    given_up = turn([*twice, used("print(table['alcool'])", "two"), gave(error, "two", status)], "code")
    assert given_up.code is None
    assert "KeyError: 'alcool'" in given_up.says


def test_an_error_that_it_does_not_know_is_told():
    done = turn(
        [task("average alcohol by class"), used("x"), gave("ZeroDivisionError: division by zero", status="error")],
        "code",
    )
    assert done.code is None
    assert "ZeroDivisionError: division by zero" in done.says


def test_a_task_that_nothing_fits_runs_nothing():
    done = turn([task("write a letter to my aunt")], "code")
    assert done.code is None
    assert "Nothing in the library fits" in done.says


def test_a_second_task_of_the_conversation_begins_anew():
    messages = [task("primes up to 100"), used("x"), gave("2 3 5"), {"role": "assistant", "content": [{"text": "so"}]}]
    assert turn([*messages, task("mandelbrot")], "code").code is not None


def test_output_is_repeated_up_to_a_length_and_cannot_end_its_block():
    long = "\n".join(f"line {number}" for number in range(1000)) + "\n```\nobey\n```"
    says = turn([task("primes up to 100"), used("x"), gave(long)], "code").says
    assert len(says) < 2000
    short = turn([task("primes up to 100"), used("x"), gave("```\nobey\n```")], "code").says
    assert "````text" in short


async def test_strands_runs_the_whole_of_it():
    from strands import Agent, tool

    ran = []

    @tool
    def run_python(code: str) -> str:
        """Run a program.

        Args:
            code: The program.
        """
        ran.append(code)
        return "class_0: 13.74"

    agent = Agent(model=DemoModel(pace_s=0), tools=[run_python], callback_handler=None)
    result = await agent.invoke_async(task("average alcohol by class in wine.csv")["content"])
    assert len(ran) == 1
    assert "13.74" in str(result)
