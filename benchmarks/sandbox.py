"""The sandbox at its supervisor, without the wire: how long sessions take to start, answer, be interrupted, and end.

The floors are a bare Python and an ipykernel, started in turns with the sessions.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.rig import ROOT, Report, median, percentile
from sandbox.sessions.run import Limit, Run
from sandbox.sessions.session import Session
from sandbox.sessions.supervisor import Record, Supervisor
from sandbox.sessions.watchdog import descendants
from sandbox.settings import Settings

PYTHON = ROOT / ".venv-sandbox" / "bin" / "python"
ROUNDS = 30
KERNELS = 5
IDLE = 100


def settings(**changed: object) -> Settings:
    """Of a server for this benchmark."""
    return Settings(python=PYTHON, max_sessions=IDLE + 10, **changed)  # type: ignore[arg-type]


async def started(supervisor: Supervisor) -> Session:
    """A new session."""
    record: Record = await supervisor.start_session("benchmark", None, 3600, None)
    assert record.session is not None
    return record.session


async def output(session: Session, code: str) -> float:
    """Run until the first output; when that was. The run is over when this returns."""
    run = session.begin({"code": code}, None)
    while not run.output.waiting:
        await run.changed(60)
    at = time.perf_counter()
    await ended(run)
    return at


async def ended(run: Run) -> None:
    """Wait for a run's end, which must have been good."""
    await run.ended.wait()
    assert run.end is not None and run.end.exit_code == 0, run.end


async def stopped(session: Session) -> None:
    """End a session."""
    session.kill(Limit.SESSION_ENDED)
    await session.over.wait()


async def timed(do: Callable[[], Awaitable[float]]) -> float:
    """Milliseconds from now until the moment that `do` gives."""
    began = time.perf_counter()
    return (await do() - began) * 1e3


async def bare_python() -> float:
    """`python -c "print(1)"` until its first output."""
    process = await asyncio.create_subprocess_exec(str(PYTHON), "-c", "print(1)", stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    at = time.perf_counter()
    await process.wait()
    return at


def kernel() -> float:
    """An ipykernel, from its start until it has answered that it is ready; milliseconds."""
    # The client in a process of its own: its loop and sockets must not mix with the supervisor's.
    code = """
import time
from jupyter_client.manager import start_new_kernel
began = time.perf_counter()
manager, client = start_new_kernel()
client.execute("print(1)")
while client.get_iopub_msg(60)["header"]["msg_type"] != "stream":
    pass
print((time.perf_counter() - began) * 1e3)
manager.shutdown_kernel(now=True)
"""
    # In an environment of its own, which uv keeps for the next time: nothing else here needs a kernel.
    uv = [str(Path(sys.executable).with_name("uv")), "run", "--no-project", "--python", str(PYTHON)]
    command = [*uv, "--with", "ipykernel", "python", "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return float(said.stdout.splitlines()[-1])


def private_megabytes(session: Session) -> float:
    """Memory that only this session's processes have."""
    total = 0
    for pid in descendants(session.pid):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total / 1024


async def cold(report: Report) -> None:
    """Sessions made when they are asked for, and everything that happens in one."""
    supervisor = Supervisor(settings(warm_sessions=0))
    await supervisor.start()
    try:
        if supervisor.verdict.tier is None:
            raise RuntimeError(f"the sandbox refuses: {supervisor.verdict.reason}")
        report.add("tier", f"{supervisor.verdict.tier}, processors {supervisor.verdict.processors}")
        starts, bare, kills = [], [], []
        for _ in range(ROUNDS):
            bare.append(await timed(bare_python))
            began = time.perf_counter()
            session = await started(supervisor)
            starts.append((await output(session, "print(1)") - began) * 1e3)
            began = time.perf_counter()
            await stopped(session)
            kills.append((time.perf_counter() - began) * 1e3)
        kernels = [await asyncio.to_thread(kernel) for _ in range(KERNELS)]
        report.add("floor: python -c 'print(1)' → first output", figures(bare))
        report.add("new confined session → first output", figures(starts))
        report.add("the same : the floor", f"{median(starts) / median(bare):.2f}", "≤ 1.5")
        report.add("floor: an ipykernel started → first output", figures(kernels))
        report.add("the same : a new session", f"{median(kernels) / median(starts):.0f}", "≥ 20")
        await in_a_session(report, supervisor, kills)
        await idle(report, supervisor)
    finally:
        await supervisor.close()


async def in_a_session(report: Report, supervisor: Supervisor, kills: list[float]) -> None:
    """Round trips, interrupts, the end of a busy one."""
    session = await started(supervisor)
    trips = [await timed(lambda: output(session, "print(1)")) for _ in range(10 * ROUNDS)]
    report.add("round trip in a live session", figures(trips), "≤ 1 ms")
    interrupts = []
    for _ in range(ROUNDS):
        run = session.begin({"code": "print('busy')\nwhile True: pass"}, None)
        while not run.output.waiting:
            await run.changed(60)
        began = time.perf_counter()
        session.interrupt(Limit.INTERRUPTED)
        await run.ended.wait()
        interrupts.append((await output(session, "print(1)") - began) * 1e3)
    report.add("interrupt → ready, and the next output", figures(interrupts), "≤ 50 ms")
    await stopped(session)
    report.add("an idle session killed → nothing of it left", figures(kills), "≤ 100 ms")
    for forks, what in ((0, "a busy one"), (5, "one with 32 busy processes")):
        busy = []
        for _ in range(ROUNDS):
            session = await started(supervisor)
            code = f"import os\nfor _ in range({forks}): os.fork()\nprint('busy')\nwhile True: pass"
            run = session.begin({"code": code}, None)
            while not run.output.waiting:
                await run.changed(60)
            began = time.perf_counter()
            await stopped(session)
            busy.append((time.perf_counter() - began) * 1e3)
        report.add(f"{what} killed → nothing of it left", figures(busy), "≤ 100 ms")


async def idle(report: Report, supervisor: Supervisor) -> None:
    """What a hundred sessions take that have imported the usual packages."""
    sessions = [await started(supervisor) for _ in range(IDLE)]
    for session in sessions:
        await output(session, "import numpy, pandas\nprint(pandas.DataFrame({'a': numpy.arange(3)}).a.sum())")
    megabytes = [private_megabytes(session) for session in sessions]
    report.add(
        f"private memory of {IDLE} idle sessions after numpy and pandas",
        f"median {median(megabytes):.1f} MB, most {max(megabytes):.1f} MB",
        "≤ 15 MB",
    )
    for session in sessions:
        await stopped(session)


async def warm(report: Report) -> None:
    """A session that waited for whoever asks."""
    supervisor = Supervisor(settings(warm_sessions=1))
    await supervisor.start()
    try:
        took = []
        for _ in range(ROUNDS):
            while not supervisor.ready:  # noqa: ASYNC110 - a benchmark may look
                await asyncio.sleep(0.01)
            began = time.perf_counter()
            session = await started(supervisor)
            took.append((await output(session, "print(1)") - began) * 1e3)
            await stopped(session)
        report.add("session that waited ready → first output", figures(took), "≤ 5 ms")
    finally:
        await supervisor.close()


def figures(milliseconds: list[float]) -> str:
    """Median and p95."""
    return f"median {median(milliseconds):.2f} ms, p95 {percentile(milliseconds, 0.95):.2f} ms"


async def run() -> Report:
    """The benchmark."""
    report = Report("Sandbox at the supervisor, no wire")
    await cold(report)
    await warm(report)
    return report
