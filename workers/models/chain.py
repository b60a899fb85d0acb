"""The chain of models: candidates are asked in order until one answers to the end.

A candidate that throttles, is denied, has reached its end of life, is silent or breaks off passes the question
on, and the caller is told. One chain serves all jobs of a process; nothing in it belongs to a job.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from strands.models import Model

from core.jobs.states import Failure
from core.settings import Settings
from workers.context import AgentFailure
from workers.models import candidates
from workers.models.account import Account, find_account
from workers.models.answer import Ended, FellBack, Piece, Question, Usage
from workers.models.attempt import answer
from workers.models.candidates import Candidate, UnknownModel
from workers.models.faults import ADVICE, LAST_ADVICE, CandidateFault, classify
from workers.models.providers import make_model, streams_at_once

log = logging.getLogger(__name__)

SILENCE_MARGIN_S = 5.0
"""The client's own read timeout speaks first; this one covers what it does not, such as a name look-up that hangs."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """Who is asked, decided once a process."""

    account: Account
    order: tuple[Candidate, ...]
    problem: str | None = None
    """Why nobody can be asked; then `order` is empty."""


class ModelChain:
    """Making one costs nothing; the first question looks for credentials and makes a client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.RLock()
        self._models: dict[Candidate, Model] = {}
        self._roomy: asyncio.AbstractEventLoop | None = None

    def describe(self) -> dict[str, Any]:
        """Who answers: `model`, `demo`, `detail`, and the `chain` in order. May block for a second the first time."""
        choice = self._chosen()
        if not choice.order:
            return {"model": None, "demo": False, "detail": choice.problem, "chain": []}
        names = [str(candidate) for candidate in choice.order]
        demo = choice.order[0].provider == "demo"
        if demo:
            detail = candidates.CHOSEN_DEMO if self._settings.models else candidates.NO_CREDENTIALS
        else:
            detail = choice.account.problem or "tried in this order: " + ", ".join(names)
        return {"model": names[0], "demo": demo, "detail": detail, "chain": names}

    def is_demo(self, model: str) -> bool:
        """Whether a model's name, as the pieces of an answer give it, is the demo model's."""
        return model.startswith("demo:")

    async def stream(
        self, question: Question, stop: asyncio.Event, *, first: str | None = None
    ) -> AsyncGenerator[Piece]:
        """The answer in pieces, the last of them `Ended`; after a `FellBack` it begins anew.

        `first` names the candidate to begin with. Once `stop` is set it ends within a tenth of a second. Raises
        AgentFailure when the model refused (`content-refused`) or no candidate could answer
        (`model-unavailable`).
        """
        choice = await asyncio.to_thread(self._chosen)
        self._make_room()
        waiting = _beginning_with(choice.order, first)
        tried: list[tuple[Candidate, CandidateFault]] = []
        while waiting:
            candidate = waiting.pop(0)
            if stop.is_set():
                yield Ended("stopped", Usage(str(candidate)))
                return
            try:
                async with aclosing(self._ask(candidate, question, stop)) as pieces:
                    async for piece in pieces:
                        yield piece
                return
            except CandidateFault as found:
                log.warning("model %s failed: %s", candidate, found.reason)
                tried.append((candidate, found))
                if found.whole_provider:
                    waiting = [other for other in waiting if other.provider != candidate.provider]
                if waiting:
                    yield FellBack(str(candidate), str(waiting[0]), found.reason)
        raise _nobody(choice, tried)

    async def _ask(self, candidate: Candidate, question: Question, stop: asyncio.Event) -> AsyncGenerator[Piece]:
        try:
            model = await asyncio.to_thread(self._model, candidate)
        except Exception as error:
            raise classify(error) from None
        silence_s = self._settings.model_timeout_s + SILENCE_MARGIN_S
        async with aclosing(answer(model, str(candidate), question, stop, silence_s)) as pieces:
            async for piece in pieces:
                yield piece

    def _chosen(self) -> _Choice:
        with self._lock:
            return self._choice

    @cached_property
    def _choice(self) -> _Choice:
        account = find_account(self._settings)
        try:
            order = candidates.choose(self._settings.models, aws_configured=account.configured)
        except UnknownModel as error:
            return _Choice(account, (), str(error))
        return _Choice(account, order)

    def _model(self, candidate: Candidate) -> Model:
        with self._lock:
            if candidate not in self._models:
                self._models[candidate] = make_model(candidate, self._settings, self._choice.account)
            return self._models[candidate]

    def _make_room(self) -> None:
        """Give the loop a thread for every answer.

        Strands' BedrockModel holds a thread of the loop's default executor for as long as an answer streams, and
        that executor has only a few threads more than the machine has cores: answers past them would stand still.
        """
        loop = asyncio.get_running_loop()
        if self._roomy is not loop:
            self._roomy = loop
            room = ThreadPoolExecutor(streams_at_once(self._settings) + 8, thread_name_prefix="model")
            loop.set_default_executor(room)


def _beginning_with(order: Sequence[Candidate], first: str | None) -> list[Candidate]:
    return sorted(order, key=lambda candidate: str(candidate) != first) if first else list(order)


def _nobody(choice: _Choice, tried: Sequence[tuple[Candidate, CandidateFault]]) -> AgentFailure:
    """The failure of a job that no model answered, with the reason of each and what to do about it."""
    if choice.problem or not tried:
        return AgentFailure(
            Failure.MODEL_UNAVAILABLE, "No model is configured that can be used", choice.problem or LAST_ADVICE
        )
    reasons = "; ".join(f"{candidate}: {found.reason}" for candidate, found in tried)
    kinds = dict.fromkeys(found.kind for _, found in tried)
    advice = [ADVICE[kind] for kind in kinds if kind in ADVICE] or [LAST_ADVICE]
    problem = f"{choice.account.problem}. " if choice.account.problem else ""
    return AgentFailure(
        Failure.MODEL_UNAVAILABLE,
        "No model could answer",
        f"{problem}{reasons}. {'. '.join(advice)}.",
        extra={"tried": [{"model": str(candidate), "reason": found.reason} for candidate, found in tried]},
    )
