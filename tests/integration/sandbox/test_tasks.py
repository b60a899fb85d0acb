"""Commands in the background: startCommandExecution, getTask, stopTask."""

from __future__ import annotations

from typing import Any

import pytest
from ground import LONG
from sandbox_server import Server, Session, poll_until, runs


def start(session: Session, command: str) -> str:
    """The task's id."""
    content = session.call("startCommandExecution", command=command)["structuredContent"]
    assert content["taskStatus"] == "submitted"
    return str(content["taskId"])


def get(session: Session, task: str) -> dict[str, Any]:
    content: dict[str, Any] = session.call("getTask", taskId=task)["structuredContent"]
    return content


def ended(session: Session, task: str) -> dict[str, Any]:
    poll_until(lambda: get(session, task)["taskStatus"] not in ("submitted", "working"))
    return get(session, task)


def test_a_task_runs_by_itself_and_can_be_asked_for_what_it_printed(session: Session) -> None:
    task = start(session, "echo first; echo bad >&2; while ! [ -e go ]; do sleep 0.01; done; echo last; exit 3")
    poll_until(lambda: get(session, task)["stdout"] == "first\n")
    # The session is free meanwhile.
    assert session.out("1") == "1"
    assert get(session, task)["taskStatus"] == "working"
    session.call("writeFiles", content=[{"path": "go", "text": ""}])
    said = ended(session, task)
    assert (said["taskId"], said["taskStatus"], said["exitCode"]) == (task, "failed", 3)
    assert (said["stdout"], said["stderr"]) == ("first\nlast\n", "bad\n")
    assert said["executionTime"] > 0


def test_a_task_starts_while_code_runs_and_outlives_it(live_session: Session) -> None:
    code = "import os, time; print('busy')\nwhile not os.path.exists('made'): time.sleep(0.01)"
    stream = iter(live_session.invoke("executeCode", code=code))
    next(stream)
    task = start(live_session, "touch made; while ! [ -e go ]; do sleep 0.01; done; echo done")
    *_, last = list(stream)
    assert last["result"]["structuredContent"]["taskStatus"] == "completed"
    live_session.run("1 + 1")
    assert get(live_session, task)["taskStatus"] == "working"
    live_session.call("writeFiles", content=[{"path": "go", "text": ""}])
    assert ended(live_session, task)["stdout"] == "done\n"


def test_a_stopped_task_is_canceled_with_all_that_it_started(server: Server, session: Session) -> None:
    task = start(session, "sh -c 'sleep 234567 & sleep 234567' & echo on; sleep 234567")
    poll_until(lambda: get(session, task)["stdout"] == "on\n")
    said = session.call("stopTask", taskId=task)["structuredContent"]
    assert (said["taskStatus"], said["exitCode"], said["stdout"]) == ("canceled", 137, "on\n")
    poll_until(lambda: not runs(server, "234567"))
    assert get(session, task)["taskStatus"] == "canceled"
    # Once more changes nothing.
    assert session.call("stopTask", taskId=task)["structuredContent"]["taskStatus"] == "canceled"
    assert session.out("1") == "1"


def test_a_task_can_be_stopped_before_its_program_has_begun(session: Session) -> None:
    for _ in range(60 if LONG else 25):
        session.call("stopTask", taskId=start(session, "sleep 1000"))


def test_stopping_one_task_leaves_the_others(session: Session) -> None:
    first, second = start(session, "sleep 1000"), start(session, "sleep 1000")
    session.call("stopTask", taskId=first)
    session.run("1")
    assert get(session, second)["taskStatus"] == "working"


def test_the_end_of_a_run_does_not_end_a_tasks_processes(session: Session) -> None:
    task = start(session, "(while ! [ -e go ]; do sleep 0.01; done; echo inner) & wait")
    session.run("import subprocess; subprocess.Popen(['sleep', '1000']);")
    session.call("writeFiles", content=[{"path": "go", "text": ""}])
    assert ended(session, task)["stdout"] == "inner\n"


def test_a_task_that_floods_is_stopped_and_says_so(session: Session) -> None:
    task = start(session, "yes")
    said = ended(session, task)
    assert said["taskStatus"] == "failed"
    assert "[output cut after 64 KB]" in said["stdout"] and "printed far more" in said["stderr"]
    assert len(said["stdout"]) < 100_000


def test_more_tasks_than_may_be_is_a_quota_error_until_one_ends(session: Session) -> None:
    tasks = [start(session, "exec sleep 1000") for _ in range(16)]
    with pytest.raises(session.client.exceptions.ServiceQuotaExceededException):
        session.call("startCommandExecution", command="true")
    session.call("stopTask", taskId=tasks[3])
    start(session, "true")
    # The one that ended first made room.
    with pytest.raises(session.client.exceptions.ResourceNotFoundException):
        session.call("getTask", taskId=tasks[3])


def test_a_session_without_room_for_a_process_says_why_a_task_does_not_start(live_session: Session) -> None:
    session = live_session
    code = """
import os, time
try:
    while True:
        if os.fork() == 0:
            time.sleep(1000)
except OSError:
    print('full')
time.sleep(1000)
"""
    stream = session.invoke("executeCode", code=code)
    next(iter(stream))
    result = session.call("startCommandExecution", command="true")
    assert result["isError"] and "could not be started" in result["content"][0]["text"]
    stream.close()
    session.run("pass")  # waits until the interrupted run, and what it started, has ended
    assert ended(session, start(session, "echo room again"))["stdout"] == "room again\n"


@pytest.mark.parametrize("name", ["getTask", "stopTask"])
def test_an_unknown_task_is_not_found(session: Session, name: str) -> None:
    with pytest.raises(session.client.exceptions.ResourceNotFoundException):
        session.call(name, taskId="0" * 16)


def test_a_task_of_another_session_is_not_found(client: Any, session: Session) -> None:
    task = start(session, "sleep 1000")
    other = Session.start(client)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        other.call("stopTask", taskId=task)
    other.stop()
    assert get(session, task)["taskStatus"] == "working"


def test_code_can_not_speak_to_what_starts_tasks(session: Session) -> None:
    """The socket over which tasks are ordered is the init's alone."""
    code = """
import os
def attempt(thing):
    try:
        return thing()
    except OSError as error:
        return type(error).__name__
print(attempt(lambda: os.listdir('/proc/1/fd')), attempt(lambda: open('/proc/1/mem', 'rb+')))
print(sorted(int(name) for name in os.listdir('/proc/self/fd'))[:5])
"""
    printed = session.out(code).splitlines()
    assert set(printed[0].split()) <= {"PermissionError", "FileNotFoundError"}
    assert printed[1] == "[0, 1, 2, 3, 4]"  # nothing, output, errors, control; 4 is the listing itself
