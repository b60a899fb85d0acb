"""`python -m evaluation.aws`: a short test against your own account of AWS, at the cost of a few tokens.

Each model of the chain that is Bedrock's writes one small program, and AgentCore's code interpreter runs one. Without
credentials it says so and does nothing. Exit status 1 when something did not work.
"""

from __future__ import annotations

import asyncio
import sys
from uuid import uuid4

from core.settings import Settings
from workers.context import AgentFailure
from workers.executor.agentcore import CodeInterpreters, SandboxError
from workers.generator.request import prompt_text
from workers.generator.stream import AnswerReader
from workers.models.account import find_account
from workers.models.answer import Ended, Question, Said
from workers.models.chain import ModelChain

WISH = "<request>\nprint the product of 6 and 7, and nothing else\n</request>"


def main() -> int:
    settings = Settings.load()
    account = find_account(settings)
    if not account.usable:
        print(
            f"Nothing was tested: {account.problem or 'no AWS credentials were found'}. Give some as other AWS tools "
            "take them (aws configure, aws sso login, AWS_PROFILE, AWS_BEARER_TOKEN_BEDROCK), and AWS_REGION."
        )
        return 0
    return asyncio.run(_tested(settings))


async def _tested(settings: Settings) -> int:
    chain = ModelChain(settings)
    bedrock = [name for name in chain.describe()["chain"] if name.startswith("bedrock:")]
    results = [await _asked(settings, name) for name in bedrock]
    # Our own sandbox is tested by `make test`: here it is AgentCore's turn, whatever is set.
    results.append(await _ran(settings.model_copy(update={"sandbox_endpoint": None})))
    return 0 if all(results) else 1


async def _asked(settings: Settings, name: str) -> bool:
    """One model, alone in its chain."""
    reader, usage = AnswerReader(), ""
    try:
        alone = ModelChain(settings.model_copy(update={"models": (name,)}))
        async for piece in alone.stream(Question(prompt_text("system"), WISH), asyncio.Event()):
            if isinstance(piece, Said):
                reader.feed(piece.text)
            elif isinstance(piece, Ended):
                usage = f"{piece.usage.input_tokens} + {piece.usage.output_tokens} tokens"
    except AgentFailure as failure:
        return _told(False, name, failure.error["detail"])
    reader.finish()
    if not reader.code:
        return _told(False, name, f"it wrote no program, but: {reader.prose[:200]!r}")
    return _told(True, name, f"wrote a program of {len(reader.code.splitlines())} lines, {usage}")


async def _ran(settings: Settings) -> bool:
    interpreters = CodeInterpreters(settings)
    name = f"agentcore:{settings.sandbox_identifier}"
    try:
        interpreter = await interpreters.start(300, "smoke-test", f"smoke-test-{uuid4()}")
        try:
            invocation = await interpreters.blocking(lambda: interpreter.execute("print(6 * 7)"))
            printed = "".join([frame.stdout async for frame in interpreters.frames(invocation)])
        finally:
            await interpreters.blocking(interpreter.stop)
    except SandboxError as error:
        return _told(False, name, f"{error.code}: look at AWS_REGION and at the permissions for bedrock-agentcore:*")
    return _told(printed.strip() == "42", name, f"6 * 7 is {printed.strip()}")


def _told(good: bool, name: str, what: str) -> bool:
    print(f"{'ok    ' if good else 'FAILED'} {name}: {what}", flush=True)
    return good


if __name__ == "__main__":
    sys.exit(main())
