"""One run: a world, its clients, the monkey, and what came of it."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.checker import SHOWN, Check, Stored, World, examine, stored_jobs
from tests.chaos.clients import Clients, busy_day
from tests.chaos.monkey import Monkey
from tests.chaos.world import Shape, running_world
from tests.chaos.world import World as Processes

KILLED = -9
STARTED_WITHOUT_DATABASE = (2, 3)
"""How a worker or a dispatcher, and uvicorn, end when Postgres is away while they start."""


@dataclass(frozen=True)
class Plan:
    """How long, how much, and what chance decides."""

    seed: int
    storm_s: float | None
    """None: until every fault came once."""
    customers: int = 20
    pace_s: tuple[float, float] = (0.3, 2.0)
    patience_s: float = 90.0
    """For all jobs to end, and all streams, when the faults are over."""
    only: tuple[str, ...] = ()
    """These faults and no others."""
    shape: Shape = field(default_factory=Shape)


@dataclass
class Report:
    """What came of it."""

    plan: Plan
    seconds: float
    """Of the storm, and until all was done after it."""
    after_s: float
    jobs: dict[str, Stored]
    unanswered: int
    """Jobs that exist although no client was told so."""
    faults: Counter[str]
    falls: Counter[str]
    starts: int
    counts: Counter[str]
    watches: int
    events_seen: int
    reconnects: int
    killed_to_running: list[float]
    emptied_to_running: list[float]
    longest_queue: int
    checks: list[Check]

    @property
    def violations(self) -> int:
        return sum(len(check.violations) for check in self.checks)

    def table(self) -> str:
        """For people."""
        ends = Counter(
            str(one.job.state) + (f": {one.job.error['type']}" if one.job.error else "") for one in self.jobs.values()
        )
        events = [event for one in self.jobs.values() for event in one.events]
        retried = Counter(event.data["reason"] for event in events if event.type == "job.retrying")
        lines = [
            f"chaos: seed {self.plan.seed}, {self.seconds:.0f} s of faults, all done {self.after_s:.1f} s after them",
            "",
            *_block(
                "jobs",
                {
                    "all": len(self.jobs),
                    **dict(ends.most_common()),
                    "of them stored, but their answer was lost": self.unanswered,
                },
            ),
            *_block("faults", {"all": self.faults.total(), **dict(sorted(self.faults.items()))}),
            *_block("processes", {"started": self.starts, **dict(sorted(self.falls.items()))}),
            *_block("retries", {"all": retried.total(), **dict(retried.most_common())}),
            *_block(
                "clients",
                {
                    "streams": self.watches,
                    "events seen": self.events_seen,
                    "reconnects": self.reconnects,
                    **dict(sorted(self.counts.items())),
                },
            ),
            *_block(
                "recovery",
                {
                    "worker killed → its job runs again": _spread(self.killed_to_running),
                    "Redis emptied → its queued jobs run": _spread(self.emptied_to_running),
                    "most messages that waited in one queue when Redis was emptied": self.longest_queue,
                },
            ),
            "",
            *(
                f"  {'ok ' if not check.violations else 'BAD'} {check.looked_at:>7}  {check.name}"
                + (f": {len(check.violations)} violations" if check.violations else "")
                for check in self.checks
            ),
        ]
        for check in self.checks:
            lines += [f"\n{check.name}:"] * bool(check.violations)
            lines += [f"  - {one}" for one in check.violations[:SHOWN]]
        return "\n".join(lines)


def _block(title: str, figures: dict[str, object]) -> list[str]:
    return [
        f"  {title if not place else '':<10} {value!s:>24}  {name}"
        for place, (name, value) in enumerate(figures.items())
    ]


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "not seen"
    return f"{statistics.median(seconds):.1f} s, most {max(seconds):.1f} s, of {len(seconds)}"


async def run(plan: Plan, folder: Path, postgres_home: Path | None = None) -> Report:
    """Run it. Takes the storm's time, a few seconds for the start, and what the end takes."""
    chance = random.Random(plan.seed)
    async with running_world(folder, plan.shape, postgres_home) as world:
        clients = Clients(world.urls, random.Random(chance.random()))
        monkey = Monkey(world, clients, random.Random(chance.random()), plan.pace_s, plan.only)
        over = asyncio.Event()
        began = time.monotonic()
        if plan.storm_s is not None:
            asyncio.get_running_loop().call_later(plan.storm_s, over.set)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(busy_day(clients, random.Random(chance.random()), over, plan.customers))
                group.create_task(monkey.rage(over, once=plan.storm_s is None))
            seconds = time.monotonic() - began
            try:
                async with asyncio.timeout(plan.patience_s):
                    await _all_ended(world)
                    await clients.all_followed()
            except TimeoutError:
                pass  # the checker says what is missing
            after_s = time.monotonic() - began - seconds
        finally:
            await clients.close()
        jobs = await stored_jobs(world.pool)
        return _report(plan, world, clients, monkey, jobs, seconds, after_s)


async def _all_ended(world: Processes) -> None:
    while True:
        rows = await world.database("SELECT count(*) FROM jobs WHERE state IN ('queued', 'running')")
        if rows and rows[0]["count"] == 0:
            return
        await asyncio.sleep(0.1)


def _report(
    plan: Plan,
    world: Processes,
    clients: Clients,
    monkey: Monkey,
    jobs: dict[str, Stored],
    seconds: float,
    after_s: float,
) -> Report:
    record = clients.record
    falls, bad_falls = Counter[str](), []
    for fall in world.falls:
        if fall.status == KILLED:
            falls["killed by their job"] += 1
        elif fall.status in STARTED_WITHOUT_DATABASE and "start" in fall.last_words:
            falls["did not start, Postgres being away"] += 1
        else:
            bad_falls.append(f"{fall.name} ended with status {fall.status}:\n{fall.last_words}")
    return Report(
        plan=plan,
        seconds=seconds,
        after_s=after_s,
        jobs=jobs,
        unanswered=len(set(jobs) - set(record.accepted)),
        faults=monkey.done,
        falls=falls,
        starts=world.starts.total(),
        counts=record.counts,
        watches=len(record.watches),
        events_seen=sum(len(watch.seen) for watch in record.watches),
        reconnects=sum(watch.reconnects for watch in record.watches),
        killed_to_running=[
            event.at.timestamp() - at
            for at, job_id, attempt in monkey.recoveries.killed
            if job_id in jobs
            for event in jobs[job_id].runs
            if event.attempt == attempt + 1
        ],
        emptied_to_running=[
            min(later)
            for at, job_id in monkey.recoveries.emptied
            if job_id in jobs and (later := [e.at.timestamp() - at for e in jobs[job_id].runs if e.at.timestamp() > at])
        ],
        longest_queue=monkey.longest_queue,
        checks=examine(World(jobs, record, bad_falls)),
    )
