"""One question to the models, for agents that need no more than an answer in words."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from workers.context import Context, Interrupted
from workers.models.answer import Answering, Ended, FellBack, Question, Said


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """What a model said."""

    text: str
    model: str
    cut: bool
    """It reached the longest answer that the settings allow."""
    usage: dict[str, Any]
    """For `Outcome.usage`, where the agent asks once."""


async def ask_models(context: Context, prompt: str, system: str, *, shown: bool) -> ModelAnswer:
    """See `Context.ask_models`. After `model.fallback` the answer begins anew: what was shown before it is void."""
    await context.check_budget()
    text: list[str] = []
    ended: Ended | None = None
    chain = context.resources.models.of(context.claim.agent)
    async with aclosing(chain.stream(Question(system, prompt), context.stop)) as pieces:
        async for piece in pieces:
            match piece:
                case Answering(model):
                    context.emit("model.selected", model=model)
                case Said(said):
                    text.append(said)
                    if shown:
                        context.say(said)
                case FellBack(from_model, to_model, reason):
                    context.emit("model.fallback", **{"from": from_model, "to": to_model, "reason": reason})
                    text.clear()
                case Ended():
                    ended = piece
    if ended is None or ended.how == "stopped":
        usage = ended.usage.view() if ended is not None else None
        raise Interrupted(result={"text": "".join(text)}, usage=usage)
    return ModelAnswer("".join(text), ended.usage.model, ended.how == "cut", ended.usage.view())
