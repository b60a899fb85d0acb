"""Which tests run side by side.

Much of the suite's time is waiting, for leases, for starts, for a browser; so several worker processes (pytest-xdist)
share it. What stands on the same server runs in one worker, where that server is started once: a file is one unit of
work, and so are some folders. Each worker has a Postgres and a Redis of its own. The longest units are handed out
first, so that none is left for the end, and those that mostly wait between those that mostly compute.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

TOGETHER = ("tests/chaos/", "tests/e2e/", "tests/integration/service/")
"""Folders whose files share what is slow to start: one unit each."""

APART = ("tests/integration/embedded/test_supervised_run.py",)
"""Files whose tests share nothing: each test is a unit."""

FIRST = (
    "tests/integration/service/",
    "tests/e2e/",
    "tests/chaos/",
    # By turns what waits the most, and what computes the most.
    "tests/integration/embedded/test_running_servers.py",
    "tests/integration/workers/executor/test_parity.py",
    "tests/integration/streams/test_job_stream.py",
    "tests/integration/cli/",
    "tests/integration/sandbox/test_lifetimes.py",
    "tests/integration/workers/models/test_other_providers.py",
    "tests/integration/sandbox/test_attacks.py",
    "tests/integration/core/test_rate_limiter.py",
    "tests/integration/core/test_asking_workers.py",
    "tests/integration/core/test_worker_liveness.py",
    "tests/integration/access/test_long_connections.py",
    "tests/integration/sandbox/test_bombs.py",
    "tests/integration/embedded/",
    "tests/integration/workers/generator/test_demo_programs_run.py",
    "tests/integration/workers/",
    "tests/integration/sandbox/",
    "tests/integration/streams/",
    "tests/integration/access/",
    "tests/unit/workers/executor/",
    "tests/integration/",
)
"""The order of the units; all others follow as they were collected."""

PER_CORE = 2
MOST_WORKERS = 8
"""More would be started for nothing: there are not so many long units."""


def unit_of(test: str) -> str:
    """The unit that a test belongs to, by its node id."""
    file = test.partition("::")[0]
    if file in APART:
        return test
    return next((folder for folder in TOGETHER if file.startswith(folder)), file)


def place_of(test: str) -> int:
    """Where a test's unit stands in the order."""
    return next((place for place, begin in enumerate(FIRST) if test.startswith(begin)), len(FIRST))


class InUnits(LoadScopeScheduling):
    """Hands a worker a further unit whenever it has almost none left."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def remove_node(self, node: WorkerController) -> str | None:
        """Give what a lost worker still had to others, but for the test that it was at, whose fault it may have been:
        that one has failed, and its name is returned.
        """
        left = self.assigned_work.pop(node)
        if not self._pending_of(left):
            return None
        unit, lost = next((unit, test) for unit in left.values() for test, done in unit.items() if not done)
        unit[lost] = True
        self.workqueue.update({name: unit for name, unit in left.items() if not all(unit.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return lost


def wanted_workers(arguments: Sequence[str], chosen: str) -> int:
    """How many workers fit a command line, by its files and its -k or -m; 0 runs the tests in pytest's own process.

    Who names files or tests waits for those alone, and wants to read of them as they come.
    """
    if chosen or any("::" in argument or argument.endswith(".py") for argument in arguments):
        return 0
    return min(PER_CORE * (os.cpu_count() or 1), MOST_WORKERS)


# --- hooks of pytest and pytest-xdist ---------------------------------------------------------------------------


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    return wanted_workers(config.args, config.option.keyword + config.option.markexpr)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> InUnits:
    return InUnits(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: place_of(item.nodeid))
