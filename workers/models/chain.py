"""The chain of models: candidates are asked in order until one answers to the end.

A candidate that throttles, is denied, has reached its end of life, is silent or breaks off passes the question
on, and the caller is told. One chain serves all jobs of a process; nothing in it belongs to a job.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from core.jobs.states import Failure
from core.settings import Settings
from workers.context import AgentFailure
from workers.models import candidates
from workers.models.account import Account
from workers.models.answer import Call, Ended, FellBack, Piece, Question, Usage
from workers.models.attempt import answer
from workers.models.candidates import Candidate, UnknownModel
from workers.models.faults import ADVICE, LAST_ADVICE, CandidateFault, Kind, fault
from workers.models.pictures import has_pictures, without_pictures
from workers.models.pool import ModelPool

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
    """The models of one agent, in order. Making one costs nothing; the first question looks for credentials."""

    def __init__(self, settings: Settings, agent: str | None = None, pool: ModelPool | None = None) -> None:
        self._settings = settings
        self._agent = agent
        self._pool = pool or ModelPool(settings)
        self._lock = threading.RLock()
        self._others: dict[str, ModelChain] = {}

    def of(self, agent: str) -> ModelChain:
        """The chain of an agent, which may have models of its own (`ACI_MODELS_<AGENT>`)."""
        if not self._own(agent):
            return self
        with self._lock:
            return self._others.setdefault(agent, ModelChain(self._settings, agent, self._pool))

    def _own(self, agent: str | None) -> tuple[str, ...]:
        return getattr(self._settings, f"models_{agent}", ()) if agent else ()

    def describe(self) -> dict[str, Any]:
        """Who answers: `model`, `demo`, `detail`, the `chain` in order, the `models` of it, each with the state of its
        circuit and its last error, and `status`. May block for a second the first time.
        """
        choice = self._chosen()
        if not choice.order:
            return {"model": None, "demo": False, "detail": choice.problem, "chain": [], "models": [], "status": "away"}
        names = [str(candidate) for candidate in choice.order]
        models = [{"model": name, **self._pool.circuits.view(name)} for name in names]
        demo = choice.order[0].provider == "demo"
        if demo:
            detail = candidates.CHOSEN_DEMO if self._settings.models else candidates.NO_CREDENTIALS
        else:
            detail = choice.account.problem or "tried in this order: " + ", ".join(names)
        failing = [model for model in models if model["state"] != "closed"]
        if failing:
            detail += ". " + " ".join(_said(model) for model in failing)
        status = "away" if len(failing) == len(models) else "degraded" if failing else "ok"
        return {"model": names[0], "demo": demo, "detail": detail, "chain": names, "models": models, "status": status}

    def is_demo(self, model: str) -> bool:
        """Whether a model's name, as the pieces of an answer give it, is the demo model's."""
        return model.startswith("demo:")

    async def stream(
        self, question: Question | Call, stop: asyncio.Event, *, first: str | None = None
    ) -> AsyncGenerator[Piece]:
        """The answer in pieces, the last of them `Ended`; after a `FellBack` it begins anew.

        `first` names the candidate to begin with. Once `stop` is set it ends within a tenth of a second. Raises
        AgentFailure when the model refused (`content-refused`) or no candidate could answer
        (`model-unavailable`).
        """
        call = question.as_call() if isinstance(question, Question) else question
        choice = await self._choice_soon()
        self._pool.make_room()
        self._pool.shared.look([str(candidate) for candidate in choice.order])
        budget_ends = time.monotonic() + self._settings.model_budget_s
        waiting = _beginning_with(choice.order, first)
        last: list[Candidate] = []
        """Those whose circuits are open: asked when nobody else has answered."""
        tried: list[tuple[Candidate, CandidateFault]] = []
        while waiting or last:
            candidate = waiting.pop(0) if waiting else last.pop(0)
            if stop.is_set():
                yield Ended("stopped", Usage(str(candidate)))
                return
            if not any(candidate == known for known, _ in tried):
                closed = self._pool.circuits.closed_to(str(candidate))
                if closed is not None and waiting:
                    tried.append((candidate, closed))
                    last.append(candidate)
                    yield FellBack(str(candidate), str(waiting[0]), f"it failed a moment ago: {closed.reason}")
                    continue
            try:
                async for piece in self._ask(candidate, call, stop, budget_ends):
                    yield piece
                return
            except CandidateFault as found:
                told = self._pool.failed(candidate, found)
                tried = [(known, why) for known, why in tried if known != candidate] + [(candidate, told)]
                if found.whole_provider:
                    waiting = [other for other in waiting if other.provider != candidate.provider]
                    last = [other for other in last if other.provider != candidate.provider]
                if time.monotonic() >= budget_ends:
                    break
                if waiting or last:
                    yield FellBack(str(candidate), str((waiting or last)[0]), told.reason)
        raise _nobody(choice, tried)

    async def _ask(
        self, candidate: Candidate, call: Call, stop: asyncio.Event, budget_ends: float
    ) -> AsyncGenerator[Piece]:
        """One candidate; without the pictures, if it is one that rejects what has any, which is tried once."""
        pictures = has_pictures(call)
        if pictures and candidate in self._pool.blind:
            call, pictures = without_pictures(call), False
        try:
            async for piece in self._ask_once(candidate, call, stop, budget_ends):
                yield piece
            return
        except CandidateFault as found:
            if not pictures or found.kind is not Kind.REJECTED:
                raise
        async for piece in self._ask_once(candidate, without_pictures(call), stop, budget_ends):
            yield piece
        self._pool.blind.add(candidate)

    async def _ask_once(
        self, candidate: Candidate, call: Call, stop: asyncio.Event, budget_ends: float
    ) -> AsyncGenerator[Piece]:
        """One candidate, and what came of it told to its circuit. Raises CandidateFault and AgentFailure."""

        def patience() -> float:
            left = budget_ends - time.monotonic()
            return max(0.0, min(self._settings.model_timeout_s + SILENCE_MARGIN_S, left))

        name = str(candidate)
        known = False
        try:
            model = await self._pool.model(candidate)
            async with aclosing(answer(model, name, call, stop, patience)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Ended) and piece.how != "stopped":
                        known = True
                        self._pool.succeeded(candidate)
                    yield piece
        except AgentFailure:
            # It refused: it is there, and well.
            known = True
            self._pool.succeeded(candidate)
            raise
        except CandidateFault:
            known = True
            if time.monotonic() >= budget_ends:
                raise fault(Kind.TIMEOUT, "the time for the whole answer is over") from None
            raise
        finally:
            if not known:
                self._pool.circuits.let_go(name)

    async def _choice_soon(self) -> _Choice:
        # Decided already for all but the first question: a thread would only cost time then.
        return self._choice if "_choice" in self.__dict__ else await asyncio.to_thread(self._chosen)

    def _chosen(self) -> _Choice:
        with self._lock:
            return self._choice

    @cached_property
    def _choice(self) -> _Choice:
        account = self._pool.account
        try:
            configured = self._own(self._agent) or self._settings.models
            order = candidates.choose(configured, aws_configured=account.configured)
        except UnknownModel as error:
            log.warning("No model can be asked: %s", error)
            return _Choice(account, (), str(error))
        self._pool.look_at(order)
        return _Choice(account, order)


def _said(model: dict[str, Any]) -> str:
    error = model["last_error"]
    advice = f" {error['advice']}." if error["advice"] else ""
    now = "is not asked for now" if model["state"] == "open" else "is tried again by the next question"
    return f"{model['model']} {now}: {error['reason']}.{advice}"


def _beginning_with(order: Sequence[Candidate], first: str | None) -> list[Candidate]:
    return sorted(order, key=lambda candidate: str(candidate) != first) if first else list(order)


def _nobody(choice: _Choice, tried: Sequence[tuple[Candidate, CandidateFault]]) -> AgentFailure:
    """The failure of a job that no model answered, with the reason of each and what to do about it."""
    if choice.problem or not tried:
        return AgentFailure(
            Failure.MODEL_UNAVAILABLE, "No model is configured that can be used", choice.problem or LAST_ADVICE
        )
    reasons = "; ".join(f"{candidate}: {found.reason}" for candidate, found in tried)
    told = [found.advice or ADVICE.get(found.kind) for _, found in tried]
    advice = list(dict.fromkeys(each for each in told if each)) or [LAST_ADVICE]
    return AgentFailure(
        Failure.MODEL_UNAVAILABLE,
        "No model could answer",
        f"{reasons}. {'. '.join(advice)}.",
        extra={"tried": [{"model": str(candidate), "reason": found.reason} for candidate, found in tried]},
    )
