"""Runs a `generate` job: asks the chain of models, streams what it writes, and checks that the program parses."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import Any

from core.agents.generate import GenerateInput
from core.programs import problem
from core.usage.used import Used
from workers.context import AgentFailure, Context, Interrupted, Outcome
from workers.generator.draft import Draft
from workers.generator.history import Background, background
from workers.generator.request import compose, prompt_text
from workers.models.answer import Question, Usage
from workers.models.chain import ModelChain
from workers.resources import Resources


async def run(input: GenerateInput, context: Context) -> Outcome:
    """Write the program. Raises AgentFailure when no model could, would or may, Interrupted with what there was."""
    await context.check_budget()
    chain = context.resources.models.of("generate")
    question = _question(input, await background(context, input.files))
    draft = Draft(context.emit)
    await _listen(chain, question, context, draft)

    explanation, final = draft.explanation, draft
    wrong = _fault(draft)
    if wrong and not chain.is_demo(draft.model):
        final = await _mended(chain, question, context, draft, wrong)
        wrong = _fault(final)
    if wrong:
        explanation = f"{explanation}\n\nNote: this program will not run as it is: {wrong}.".strip()
    result = final.result(explanation)
    context.emit("code.completed", code=result["code"], explanation=explanation)
    return Outcome(result, usage=_usage(draft, final))


async def describe(resources: Resources) -> dict[str, Any]:
    """Who answers here, for the page's header and the list of agents."""
    # The first look for AWS credentials may take a second.
    return {"model": await asyncio.to_thread(resources.models.of("generate").describe)}


def _question(input: GenerateInput, before: Background) -> Question:
    prompt, history = compose(input, before.files), list(before.messages)
    if history and history[-1]["role"] == "user":
        # Two messages of the user's in a row are refused by most models.
        last = history.pop()
        prompt = "\n\n".join([*(block["text"] for block in last["content"] if "text" in block), prompt])
    return Question(prompt_text("system"), prompt, history)


async def _listen(
    chain: ModelChain, question: Question, context: Context, draft: Draft, first: str | None = None
) -> None:
    """Hear one answer out. Raises Interrupted with what there is so far, and AgentFailure likewise."""
    try:
        async with aclosing(chain.stream(question, context.stop, first=first)) as pieces:
            async for piece in pieces:
                draft.take(piece)
    except AgentFailure as failure:
        if draft.code:
            failure.result = draft.result()
        raise
    if draft.stopped:
        raise Interrupted(result=draft.result(), usage=_usage(draft))


def _fault(draft: Draft) -> str | None:
    """What is wrong with the program as a program."""
    if not draft.code:
        return None
    return "it was cut off, as it became too long" if draft.cut else problem(draft.code)


async def _mended(chain: ModelChain, question: Question, context: Context, draft: Draft, wrong: str) -> Draft:
    """Let the model that wrote it put it right, once. The old program stays where that brings nothing."""
    if context.stop.is_set():
        raise Interrupted(result=draft.result(), usage=_usage(draft))
    await context.check_budget(_usage(draft), draft.result())
    context.emit("job.progress", message=f"Mending the program: {wrong}")
    context.emit("code.reset")
    wish = prompt_text("too_long") if draft.cut else prompt_text("mend").format(problem=wrong)
    said = [*question.history, _message("user", question.prompt), _message("assistant", draft.text)]
    mended = Draft(context.emit, prose_shown=False)
    try:
        await _listen(chain, Question(question.system, wish, said), context, mended, first=draft.model)
    except Interrupted:
        raise Interrupted(result=draft.result(), usage=_usage(draft, mended)) from None
    except AgentFailure as failure:
        # Nobody could mend it; a program with a known fault still is worth more to the user than none.
        spent = Used.of(failure.usage)
        draft.usage = Usage(draft.model, spent.input_tokens, spent.output_tokens).plus(draft.usage)
        return draft
    if mended.code:
        return mended
    draft.usage = mended.usage.plus(draft.usage) if mended.usage else draft.usage
    return draft


def _message(role: Any, text: str) -> Any:
    return {"role": role, "content": [{"text": text}]}


def _usage(draft: Draft, mended: Draft | None = None) -> dict[str, Any] | None:
    """Both answers together, where there were two."""
    usage = draft.usage
    if mended is not None and mended is not draft and mended.usage is not None:
        usage = mended.usage.plus(usage)
    return usage.view() if usage else None
