"""Several servers on one machine, many sessions in one, and nothing left of a great many."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from ground import LONG
from sandbox_server import Server, Session, living, poll_until

SESSIONS = 1000 if LONG else 24


def test_two_servers_know_nothing_of_each_other(new_server: Callable[..., Server]) -> None:
    first, second = new_server(), new_server()
    ours, theirs = Session.start(first.client()), Session.start(second.client())
    strangers = Session(second.client(), ours.id)
    with pytest.raises(strangers.client.exceptions.ResourceNotFoundException):
        strangers.run("1")
    # Sessions of the two never share an id, by which the kernel counts processes.
    assert ours.out("import os; os.getuid()") != theirs.out("import os; os.getuid()") or os.geteuid() != 0
    fill = "import os, time\ntry:\n    while os.fork(): pass\n    time.sleep(60)\nexcept OSError: print('full')"
    ours.call("startCommandExecution", command="for n in $(seq 40); do sleep 1000 & done; wait")
    assert ours.out(fill) == theirs.out(fill) == "full"
    first.process.kill()
    first.process.wait()
    assert theirs.out("'still here'") == "'still here'"
    assert Session.start(second.client()).out("1") == "1"


def test_sessions_of_one_server_run_at_once(server: Server) -> None:
    """Each waits for a file that comes only when all run."""
    code = "import os, time\nprint('ready', flush=True)\nwhile not os.path.exists('go'): time.sleep(0.01)"
    client = server.client(max_pool_connections=20)
    sessions = [Session.start(client) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        running = [threads.submit(session.run, code) for session in sessions]
        for session in sessions:
            poll_until(lambda session=session: not session.call("listFiles", directoryPath="")["isError"])  # type: ignore[misc]
        for session in sessions:
            session.call("writeFiles", content=[{"path": "go", "text": ""}])
        assert [future.result().stdout for future in running] == ["ready\n"] * 8
    for session in sessions:
        session.stop()


def mounts() -> int:
    return len(Path("/proc/self/mountinfo").read_text().splitlines())


def test_a_great_many_sessions_leave_no_process_mount_descriptor_file_or_group(
    new_server: Callable[..., Server], tmp_path: Path
) -> None:
    """However each ends: stopped, by its own doing, by a limit, or with a task in it."""
    server = new_server(SANDBOX_MAX_SESSIONS="8", SANDBOX_WARM_SESSIONS="1", TMPDIR=str(tmp_path))
    client = server.client(max_pool_connections=20)
    process = psutil.Process(server.process.pid)
    endings = ("1", "import os; os._exit(3)", "import ctypes; ctypes.string_at(0)", "import os; os.closerange(0, 99)")

    def one(number: int) -> None:
        session = Session.start(client)
        if number % 3 == 0:
            session.call("startCommandExecution", command="sleep 1000")
        session.call("writeFiles", content=[{"path": "deep/file", "text": "x" * 1000}])
        session.run(endings[number % len(endings)])
        session.stop()

    def settled() -> tuple[Any, ...]:
        poll_until(lambda: len(living(server)) == 1 + 2 and server.health()["sessions"] == 0)
        groups = [group for own in server.groups() for group in own.glob("*/")]
        return len(groups), mounts(), list(tmp_path.iterdir())

    for number in range(4):  # what is made once
        one(number)
    groups, mounted, files = settled()
    descriptors = process.num_fds()
    memory = process.memory_info().rss
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(one, range(SESSIONS)))
    client.close()
    poll_until(lambda: process.num_fds() <= descriptors)
    poll_until(lambda: settled() == (groups, mounted, files))
    # Records of sessions that ended are kept for a while, and nothing else of them.
    assert process.memory_info().rss - memory < 40 << 20
