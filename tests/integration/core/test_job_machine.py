"""Any order of submits, releases, claims, appends, ends, breaks, hand-backs and cancels keeps the invariants.

Hypothesis plays dispatchers, workers (live ones and ones that come back from a long pause) and users against a real
Postgres, beside a model of a few lines that says what each step must do.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from job_life import Life

from core.database.pool import open_pool
from core.errors import Conflict
from core.jobs import lease
from core.jobs.lease import Claim
from core.jobs.release import Release, make_due_ready
from core.jobs.states import Holds, State
from core.settings import Settings

T = TypeVar("T")
LEGAL = {
    State.QUEUED: {State.RUNNING, State.CANCELLED, State.EXPIRED},
    State.RUNNING: set(State) - {State.RUNNING},
}
ENDS = [State.SUCCEEDED, State.FAILED, State.CANCELLED, State.EXPIRED]
SOME = st.integers(0, 10_000)


class Loop:
    """An event loop in a thread of its own, for hypothesis knows no await."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass
class Model:
    """What is to be so of one job."""

    number: int
    session: UUID | None
    holds: Holds
    max_attempts: int
    state: State = State.QUEUED
    attempt: int = 0
    handed_back: int = 0
    cancel: bool = False
    live_release: int | None = None

    def before(self, other: Model) -> bool:
        """Whether the other has to wait for it."""
        return (
            self.session is not None
            and self.session == other.session
            and self.number < other.number
            and bool(self.holds & other.holds)
        )


class Jobs(RuleBasedStateMachine):
    """Bound to a loop and a pool by the test below."""

    world: Loop
    pool: Any

    def __init__(self) -> None:
        super().__init__()
        self.life = Life(self.pool)
        self.sessions = [None, *(self.do(self.life.session()) for _ in range(2))]
        self.jobs: dict[UUID, Model] = {}
        self.messages: list[Release] = []
        self.claims: list[Claim] = []
        self.seen: dict[UUID, State] = {}

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.world.run(work)

    def held(self, claim: Claim) -> Model | None:
        """The job, if this attempt has it."""
        job = self.jobs[claim.id]
        return job if job.state is State.RUNNING and job.attempt == claim.attempt else None

    @rule(where=st.integers(0, 2), holds=st.sampled_from([1, 2, 3]), attempts=st.integers(1, 3))
    def submit(self, where: int, holds: int, attempts: int) -> None:
        session = self.sessions[where]
        job_id = self.do(self.life.submit(Holds(holds), session_id=session, max_attempts=attempts))
        self.jobs[job_id] = Model(len(self.jobs), session, Holds(holds), attempts)

    @rule(count=st.integers(1, 4))
    def release(self, count: int) -> None:
        for picked in self.do(self.life.release(count)):
            job = self.jobs[picked.job_id]
            assert job.state is State.QUEUED
            assert job.live_release is None
            assert not any(other.before(job) and not other.state.terminal for other in self.jobs.values())
            job.live_release = picked.release
            self.messages.append(picked)

    @precondition(lambda self: self.messages)
    @rule(which=SOME)
    def claim(self, which: int) -> None:
        """Messages come late, in any order, and more than once."""
        message = self.messages[-1 - which % min(len(self.messages), 6)]
        job = self.jobs[message.job_id]
        claim = self.do(self.life.claim(message))
        if job.state is not State.QUEUED or job.live_release != message.release:
            assert claim is None
            return
        assert claim is not None
        job.state, job.live_release, job.attempt = State.RUNNING, None, job.attempt + 1
        assert claim.attempt == job.attempt
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(which=SOME, count=st.integers(1, 3))
    def say(self, which: int, count: int) -> None:
        claim = self.claims[which % len(self.claims)]
        written = self.do(self.life.say(claim, *["x"] * count))
        assert len(written) == (count if self.held(claim) else 0)

    @precondition(lambda self: self.claims)
    @rule(which=SOME, state=st.sampled_from(ENDS), late=st.booleans())
    def end(self, which: int, state: State, late: bool) -> None:
        claim = self.claims[which % len(self.claims)]
        events = [("stdout", {"text": "rest"})] if late else []
        seq = self.do(self.life.end(claim, state, events=events))
        job = self.held(claim)
        assert (seq is None) == (job is None)
        if job is not None:
            job.state = state

    @precondition(lambda self: self.claims)
    @rule(which=SOME)
    def break_off(self, which: int) -> None:
        claim = self.claims[which % len(self.claims)]
        state = self.do(self.life.break_off(claim))
        job = self.held(claim)
        if job is None:
            assert state is None
            return
        if job.cancel:
            assert state is State.CANCELLED
        elif job.attempt - job.handed_back < job.max_attempts:
            assert state is State.QUEUED
        else:
            assert state is State.FAILED
        job.state = state

    @precondition(lambda self: self.claims)
    @rule(which=SOME)
    def hand_back(self, which: int) -> None:
        claim = self.claims[which % len(self.claims)]
        state = self.do(lease.hand_back(self.pool, claim, "shutdown"))
        job = self.held(claim)
        if job is None:
            assert state is None
        elif job.cancel:
            assert state is State.CANCELLED
            job.state = state
        else:
            assert state is State.QUEUED
            job.state, job.handed_back = state, job.handed_back + 1

    @precondition(lambda self: self.jobs)
    @rule(which=SOME)
    def cancel(self, which: int) -> None:
        job_id = list(self.jobs)[which % len(self.jobs)]
        job = self.jobs[job_id]
        if job.state.terminal and job.state is not State.CANCELLED:
            with pytest.raises(Conflict):
                self.do(self.life.cancel(job_id))
            return
        state = self.do(self.life.cancel(job_id))
        if job.state is State.QUEUED:
            job.state, job.live_release = State.CANCELLED, None
        elif job.state is State.RUNNING:
            job.cancel = True
        assert state is job.state

    @rule()
    def back_offs_pass(self) -> None:
        # Those that have passed already keep their time: only a job that waits takes its place anew.
        self.do(
            self.pool.execute(
                "UPDATE jobs SET run_at = now() WHERE agent = $1 AND state = 'queued' AND run_at > now()",
                self.life.agent,
            )
        )
        self.do(make_due_ready(self.pool))

    @invariant()
    def all_is_as_the_model_has_it(self) -> None:
        running: list[Model] = []
        for job_id, job in self.jobs.items():
            row = self.do(self.life.row(job_id))
            state = State(row["state"])
            assert state is job.state
            assert row["attempt"] == job.attempt
            before = self.seen.get(job_id, State.QUEUED)
            assert state is before or state in LEGAL.get(before, set())
            self.seen[job_id] = state
            if state is State.RUNNING:
                assert not any(
                    other.session and other.session == job.session and other.holds & job.holds for other in running
                )
                running.append(job)

    def teardown(self) -> None:
        """Whatever was done, all can be brought to its end, and every story is whole."""
        for _ in range(len(self.jobs) + 1):
            for claim in self.claims:
                if self.held(claim):
                    self.do(self.life.end(claim))
                    self.jobs[claim.id].state = State.SUCCEEDED
            self.back_offs_pass()
            self.release(100)
            for message in self.messages:
                job = self.jobs[message.job_id]
                if job.state is State.QUEUED and job.live_release == message.release:
                    claim = self.do(self.life.claim(message))
                    assert claim is not None
                    job.state, job.live_release, job.attempt = State.RUNNING, None, claim.attempt
                    self.claims.append(claim)
        for job_id, job in self.jobs.items():
            assert job.state.terminal, f"job {job.number} is stuck: {job}"
            self.do(self.life.story(job_id))


@pytest.fixture
def world() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.close()


def test_no_order_of_steps_breaks_an_invariant(database: str, world: Loop) -> None:
    pool = world.run(open_pool(Settings(DATABASE_URL=database)))  # type: ignore[call-arg]
    machine = type("Jobs", (Jobs,), {"world": world, "pool": pool})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=25,
                stateful_step_count=30,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        world.loop.call_soon_threadsafe(pool.terminate)
