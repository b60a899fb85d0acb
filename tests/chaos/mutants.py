"""Takes one rule out of the code at a time, in a copy of the tree, and shows that something notices.

`python -m tests.chaos.mutants` runs the focused tests of each; with `--scenario` also a short chaos run whose faults
are aimed at the rule, to see whether the checker notices from the outside. A text that is to be taken out must be
there exactly once: when the code moved, this fails loudly.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COPIED = ("api", "core", "embedded", "migrations", "sandbox", "tests", "workers", "pyproject.toml")
CORE = "tests/integration/core"
SEED = 7
SCENARIO_S = 25


@dataclass(frozen=True)
class Mutant:
    """One rule taken out."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]
    """Focused tests, of which one at least must fail."""
    faults: tuple[str, ...]
    """What the monkey does in the scenario."""

    def put_into(self, tree: Path) -> None:
        """Take the rule out there. Raises ValueError when the code is not as it was."""
        file = tree / self.file
        text = file.read_text()
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: the text to take out is in {self.file} {text.count(self.old)} times")
        file.write_text(text.replace(self.old, self.new))


STALE = ("worker frozen past its lease", "worker frozen for a moment", "worker killed")
MESSAGES = ("messages sent again", "old messages sent late", "worker killed")

MUTANTS = (
    Mutant(
        "a claim does not check the release",
        "core/jobs/lease.py",
        "AND job.release = wanted.release AND job.released_at IS NOT NULL\n",
        "\n",
        (f"{CORE}/test_submit_and_claim.py", f"{CORE}/test_job_machine.py"),
        MESSAGES,
    ),
    Mutant(
        "a claim is given to everybody who asked for it",
        "workers/process.py",
        "claims.pop(job_id, None) for",
        "claims.get(job_id) for",
        (f"{CORE}/test_worker_process.py",),
        MESSAGES,
    ),
    Mutant(
        "an end does not check the attempt",
        "core/jobs/lease.py",
        " WHERE job.state = 'running' AND job.attempt = wanted.attempt),\nended AS (",
        "),\nended AS (",
        (f"{CORE}/test_attempts.py",),
        STALE,
    ),
    Mutant(
        "an append does not check the attempt",
        "core/events/log.py",
        "\n    WHERE job.state = 'running' AND job.attempt = wanted.attempt),",
        "),",
        (f"{CORE}/test_event_log.py", f"{CORE}/test_job_machine.py"),
        STALE,
    ),
    Mutant(
        "a heartbeat renews any attempt",
        "core/jobs/lease.py",
        "WHERE job.state = 'running' AND job.attempt = wanted.attempt),\nrenewed AS (",
        "WHERE job.state = 'running'),\nrenewed AS (",
        (f"{CORE}/test_attempts.py",),
        STALE,
    ),
    Mutant(
        "an artifact does not check the attempt",
        "core/jobs/artifacts.py",
        "WHERE id = $1 AND attempt = $2 AND state = 'running' FOR NO KEY UPDATE",
        "WHERE id = $1 AND $2::int > 0 FOR NO KEY UPDATE",
        (f"{CORE}/test_sandboxes_and_artifacts.py",),
        STALE,
    ),
    Mutant(
        "two attempts in one process are one to the writer",
        "workers/event_writer.py",
        "entry = self._entries.get(held)\n        if entry is None:\n"
        "            entry = self._entries[held] = Entry(*held)",
        "held = next((one for one in self._entries if one[0] == held[0]), held)\n"
        "        entry = self._entries.setdefault(held, Entry(*held))",
        (f"{CORE}/test_worker_process.py",),
        STALE,
    ),
    Mutant(
        "events whose answer was lost are written again unseen",
        "workers/event_writer.py",
        "                doubtful = True\n",
        "",
        (f"{CORE}/test_worker_process.py",),
        ("Postgres stopped at once", "Postgres stopped fast"),
    ),
    Mutant(
        "a message goes out before its release is committed",
        "workers/dispatcher/planner.py",
        "        if picked:\n"
        "            # After the commit: a message must never be faster than the release it carries.\n"
        "            await self._messages.send(picked, load.workers)\n",
        "            if picked:\n                await self._messages.send(picked, load.workers)\n",
        (f"{CORE}/test_dispatcher_upkeep.py",),
        ("dispatcher killed", "worker killed"),
    ),
    Mutant(
        "the reaper has no patience after an outage",
        "workers/dispatcher/upkeep.py",
        "self._patient_until = time.monotonic() + self._lease_s",
        "self._patient_until = 0.0",
        (f"{CORE}/test_dispatcher_upkeep.py",),
        ("Postgres stopped at once", "Postgres stopped fast", "dispatcher frozen"),
    ),
    Mutant(
        "nothing is sent again after Redis was emptied",
        "workers/dispatcher/upkeep.py",
        "await (planner.repeat_all() if emptied else planner.repeat_overdue())",
        "pass",
        (f"{CORE}/test_dispatcher_upkeep.py",),
        ("Redis emptied while jobs wait there", "Redis killed, started empty"),
    ),
    Mutant(
        "an end passes the session on without its lock",
        "core/jobs/lease.py",
        "            await lock_session(connection, claim_.session_id)\n            done = await _end(",
        "            done = await _end(",
        (f"{CORE}/test_session_order.py",),
        ("worker frozen for a moment", "worker killed"),
    ),
    Mutant(
        "attempts have no bound",
        "core/jobs/states.py",
        "return State.QUEUED if job.attempts_spent < job.max_attempts else State.FAILED",
        "return State.QUEUED",
        (f"{CORE}/test_attempts.py",),
        ("poison job", "job that kills its worker once"),
    ),
    Mutant(
        "a queued job is stopped whatever it is by now",
        "core/jobs/cancel.py",
        "WHERE id = $1 AND state = 'queued' RETURNING",
        "WHERE id = $1 RETURNING",
        (f"{CORE}/test_cancel_and_expire.py", f"{CORE}/test_job_machine.py"),
        STALE,
    ),
    Mutant(
        "a stream does not look for what was never published",
        "api/hub/hub.py",
        "elif topic.last < newest:",
        "elif False:",
        ("tests/integration/streams/test_job_stream.py",),
        ("Redis emptied", "Redis killed, started empty", "worker killed", "dispatcher killed"),
    ),
)


@dataclass(frozen=True)
class Verdict:
    """What noticed a mutant."""

    mutant: Mutant
    tests: str
    checker: str | None
    """None where no scenario was run."""

    @property
    def caught(self) -> bool:
        return bool(self.tests or self.checker)


@contextlib.contextmanager
def copied_tree() -> Iterator[Path]:
    """A copy of the service and its tests."""
    with tempfile.TemporaryDirectory(prefix="aci-mutant-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder)
        for name in COPIED:
            if (REPOSITORY / name).is_dir():
                shutil.copytree(REPOSITORY / name, tree / name, ignore=shutil.ignore_patterns("__pycache__", "e2e"))
            else:
                shutil.copy(REPOSITORY / name, tree / name)
        yield tree


def judge(mutant: Mutant, *, scenario: bool) -> Verdict:
    """Run what should notice it, in a mutated copy."""
    with copied_tree() as tree:
        mutant.put_into(tree)
        tests = failed_tests(tree, mutant.tests) if mutant.tests else ""
        return Verdict(mutant, tests, broken_promises(tree, mutant.faults) if scenario else None)


def failed_tests(tree: Path, tests: Sequence[str]) -> str:
    """The first test that fails there, or nothing."""
    said = _run(tree, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests)
    found = re.search(r"^(?:FAILED|ERROR) .*::(\w+)", said, re.MULTILINE)
    return found[1] if found else ""


def broken_promises(tree: Path, faults: Sequence[str]) -> str:
    """The checks of a short chaos run that find a violation there."""
    only = [word for fault in faults for word in ("--only", fault)]
    said = _run(
        tree, "-m", "tests.chaos", "--minutes", str(SCENARIO_S / 60), "--seed", str(SEED), "--patience", "30", *only
    )
    return "; ".join(re.findall(r"^  BAD +\d+  (.*): \d+ violations$", said, re.MULTILINE))


def _run(tree: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    said = done.stdout + done.stderr
    if done.returncode not in (0, 1):  # found nothing wrong, or something
        raise RuntimeError(f"{' '.join(words)} could not do its work:\n{said[-2000:]}")
    return said


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.mutants", description=__doc__)
    parser.add_argument("--scenario", action="store_true", help="also a chaos run for each: about a minute apiece")
    parser.add_argument("--only", action="append", default=[], help="mutants with this in their name")
    arguments = parser.parse_args()
    with copied_tree() as tree:
        if failed := failed_tests(tree, sorted({test for mutant in MUTANTS for test in mutant.tests})):
            print(f"{failed} fails without any mutant; nothing can be told.", file=sys.stderr)
            return 2
    missed = 0
    print("| taken out | caught by the test | caught by the checker |\n|---|---|---|", flush=True)
    for mutant in MUTANTS:
        if arguments.only and not any(word in mutant.name for word in arguments.only):
            continue
        verdict = judge(mutant, scenario=arguments.scenario or not mutant.tests)
        missed += not verdict.caught
        checker = "not run" if verdict.checker is None else verdict.checker or "not seen"
        test = f"`{verdict.tests}`" if verdict.tests else "none"
        print(f"| {mutant.name} | {test} | {checker} |", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
