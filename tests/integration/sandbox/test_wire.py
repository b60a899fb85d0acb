"""The server as AWS's own clients see it."""

from __future__ import annotations

import http.client
import uuid
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError
from sandbox_server import IDENTIFIER, Server, Session, ask_for_live_output, running, whole


def test_variables_and_files_persist(session: Session) -> None:
    session.run("x = 20; open('a.txt', 'w').write('kept')")
    assert session.out("print(x + 1); open('a.txt').read()") == "21\n'kept'"


def test_two_sessions_share_nothing(client: Any, session: Session) -> None:
    other = Session.start(client)
    session.run("import tempfile; x = 1; open('mine', 'w').close(); open(tempfile.gettempdir() + '/mine', 'w').close()")
    look = "import os, tempfile; print('x' in globals(), os.listdir('.'), 'mine' in os.listdir(tempfile.gettempdir()))"
    assert other.out(look) == "False [] False"
    for number in ("import random; random.random()", "import uuid; uuid.uuid4()"):
        assert session.out(number) != other.out(number)
    other.stop()


def test_it_is_an_ipython_with_await_display_magics_and_the_last_value(session: Session) -> None:
    assert session.out("import asyncio; await asyncio.sleep(0); display(5); get_ipython() is not None") == "5\nTrue"
    assert session.out("!echo from the shell") == "from the shell"
    assert session.out("7;") == ""
    session.call("writeFiles", content=[{"path": "module_here.py", "text": "value = 3"}])
    assert session.out("import module_here; module_here.value") == "3"


def test_output_of_processes_and_bad_bytes_is_seen(session: Session) -> None:
    outcome = session.run("import os, sys; os.write(1, b'raw \\xff\\n'); os.system('echo child >&2'); print('é');")
    assert (outcome.stdout, outcome.stderr) == ("raw \\xff\né\n", "child\n")


def test_code_that_raises_gives_its_traceback(session: Session) -> None:
    outcome = session.run("print('before')\ndef f():\n    return 1 / 0\nf()")
    assert (outcome.exit_code, outcome.is_error, outcome.task_status) == (1, True, "failed")
    assert outcome.stdout == "before\n"
    assert "ZeroDivisionError: division by zero" in outcome.stderr
    assert "return 1 / 0" in outcome.stderr and "runner.py" not in outcome.stderr


def test_sys_exit_gives_its_code(session: Session) -> None:
    assert session.run("import sys; sys.exit(3)").exit_code == 3
    assert session.run("import sys; sys.exit()").exit_code == 0


def test_clear_context_forgets_variables_and_keeps_files(session: Session) -> None:
    session.run("x = 1; open('kept', 'w').close()")
    assert session.run("x", clearContext=True).exit_code == 1
    assert session.out("import os; os.listdir('.')") == "['kept']"


SLOWLY = """
import os, time
shell = get_ipython()
def reset(*_, **__):
    del shell.reset
    open('clearing', 'w').close()
    while not os.path.exists('go on'): time.sleep(0.001)
    shell.reset(new_session=True)
shell.reset = reset
"""


def test_clear_context_is_done_though_who_asked_hangs_up(session: Session) -> None:
    """The client of bedrock-agentcore does, where its caller does not read the answer."""
    session.run(SLOWLY + "x = 1")
    stream = session.invoke("executeCode", code="#", clearContext=True, language="python")
    session.wait_for("clearing")
    stream.close()
    session.call("writeFiles", content=[{"path": "go on", "text": ""}])
    assert session.run("x").exit_code == 1


def test_commands_run_in_the_session(session: Session) -> None:
    session.run("open('here', 'w').close()")
    result = session.call("executeCommand", command="ls; python -c 'print(7)'; exit 4")
    assert result["structuredContent"]["stdout"] == "here\n7\n"
    assert result["structuredContent"]["exitCode"] == 4


def test_files_go_round(session: Session) -> None:
    data = bytes(range(256)) * 4096
    session.call("writeFiles", content=[{"path": "deep/er/b.bin", "blob": data}, {"path": "t.csv", "text": "é,1\n"}])
    assert session.out("import hashlib; len(open('deep/er/b.bin', 'rb').read())") == str(len(data))
    read = session.call("readFiles", paths=["deep/er/b.bin", "t.csv"])["content"]
    assert read[0]["resource"]["blob"] == data
    assert (read[1]["resource"]["text"], read[1]["resource"]["uri"]) == ("é,1\n", "file:///t.csv")
    listed = session.call("listFiles", directoryPath="")["content"]
    assert [(item["name"], item["description"], item["size"]) for item in listed] == [
        ("deep", "Directory", 0),
        ("t.csv", "File", 5),
    ]
    session.call("removeFiles", paths=["t.csv"])
    assert session.call("readFiles", paths=["t.csv"])["isError"]


def test_a_file_of_many_megabytes_comes_in_parts(live_session: Session) -> None:
    data = bytes(range(250)) * 52_000
    live_session.call("writeFiles", content=[{"path": "big", "blob": data}])
    blocks = [event["result"]["content"][0] for event in live_session.invoke("readFiles", paths=["big"])]
    assert b"".join(block["resource"]["blob"] for block in blocks) == data
    assert blocks[-1]["description"] == f"part {len(blocks)} of {len(blocks)}"


def test_if_one_file_can_not_be_written_none_is(session: Session) -> None:
    session.run("import os; os.mkdir('folder')")
    result = session.call("writeFiles", content=[{"path": "a", "text": "a"}, {"path": "folder", "text": "b"}])
    assert result["isError"]
    assert session.out("os.listdir('.')") == "['folder']"


def test_output_comes_live_to_who_asks_for_it(live_session: Session) -> None:
    code = "import os, time; print('first')\nwhile not os.path.exists('go'): time.sleep(0.01)\n'last'"
    stream = iter(live_session.invoke("executeCode", code=code))
    first = next(stream)["result"]
    assert first["structuredContent"] == {"taskStatus": "working", "stdout": "first\n", "stderr": ""}
    # The run is still under way: files can be exchanged meanwhile, and that is what lets it end.
    live_session.call("writeFiles", content=[{"path": "go", "text": ""}])
    said = whole(stream)["structuredContent"]
    assert (said["taskStatus"], said["stdout"]) == ("completed", "'last'\n")


def test_a_second_run_at_the_same_time_is_a_conflict(live_session: Session) -> None:
    stream = iter(live_session.invoke("executeCode", code="import time; print('busy'); time.sleep(60)"))
    next(stream)
    with pytest.raises(live_session.client.exceptions.ConflictException):
        live_session.invoke("executeCode", code="1")


def test_hanging_up_interrupts_the_run_and_keeps_the_variables(live_session: Session) -> None:
    stream = live_session.invoke("executeCode", code="x = 5; print('busy')\nwhile True: pass")
    next(iter(stream))
    stream.close()
    # Waits for the interrupted run, and then finds its variables.
    assert live_session.out("x") == "5"


def test_a_run_asked_for_in_one_breath_with_a_hang_up_waits_for_its_turn(server: Server, live_session: Session) -> None:
    process = psutil.Process(server.process.pid)
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", "/healthz")
    connection.getresponse().read()

    class Sent(Exception):
        pass

    def send(request: Any, **_: Any) -> None:
        connection.request(request.method, request.url, request.body, dict(request.headers))
        raise Sent

    events = live_session.client.meta.events
    for _ in range(10):  # which of the two is seen first is a matter of luck
        stream = live_session.invoke("executeCode", code="x = 5; print('busy')\nwhile True: pass")
        next(iter(stream))
        events.register("before-send.bedrock-agentcore.InvokeCodeInterpreter", send)
        process.suspend()
        try:
            stream.close()
            with pytest.raises(Sent):
                live_session.invoke("executeCode", code="x")
        finally:
            process.resume()
            events.unregister("before-send.bedrock-agentcore.InvokeCodeInterpreter", send)
        answer = connection.getresponse()
        assert answer.status == 200
        assert b"5" in answer.read()


@pytest.fixture(scope="module")
def impatient() -> Iterator[Any]:
    """A client of a server that ends soon what will not end, but not before a busy machine has done its part."""
    with running(SANDBOX_GRACE_SECONDS="4", SANDBOX_WARM_SESSIONS="0") as server:
        client = server.client()
        ask_for_live_output(client)
        yield client


def test_hanging_up_on_code_that_ignores_interrupts_ends_the_session(impatient: Any) -> None:
    session = Session.start(impatient)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); print('busy'); time.sleep(1000)"
    stream = session.invoke("executeCode", code=code)
    next(iter(stream))
    stream.close()
    with pytest.raises(session.client.exceptions.ResourceNotFoundException):
        session.invoke("executeCode", code="1")


HEARD_ELSEWHERE = """
import signal, threading, time
x = 5
def listen():
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    print('busy')
    time.sleep(1000)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
threading.Thread(target=listen, daemon=True).start()
time.sleep(1000)
"""
"""The kernel gives the signal to the thread. Python knows of it then, and the call that the main one is in goes on."""


def test_an_interrupt_that_does_not_end_a_call_ends_it_at_last(impatient: Any) -> None:
    session = Session.start(impatient)
    stream = session.invoke("executeCode", code=HEARD_ELSEWHERE)
    next(iter(stream))
    stream.close()
    assert session.out("x") == "5"


def test_a_run_past_its_time_is_interrupted_and_says_so(session: Session) -> None:
    outcome = session.run("import time\nx = 1\nprint('so far')\ntime.sleep(1000)", wall="1")
    assert (outcome.exit_code, outcome.limit, outcome.stdout) == (124, "timeout", "so far\n")
    assert "_on_interrupt" not in outcome.stderr
    assert session.out("x") == "1"


def test_start_is_idempotent_by_its_client_token(client: Any) -> None:
    token = str(uuid.uuid4())
    first, again = (Session.start(client, clientToken=token, name="one") for _ in range(2))
    assert first.id == again.id
    with pytest.raises(client.exceptions.ValidationException):
        Session.start(client, clientToken=token, name="another")
    first.stop()


def test_a_stopped_session_is_terminated(client: Any) -> None:
    session = Session.start(client)
    session.stop()
    assert session.status() == "TERMINATED"
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        session.run("1")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("executeCode", {"code": "1", "language": "javascript"}),
        ("executeCode", {}),
        ("executeCode", {"code": "1", "language": "typescript", "runtime": "deno"}),
        ("getTask", {}),
        ("startCommandExecution", {"command": "x" * 200_000}),
        ("readFiles", {"paths": ["/etc/passwd"]}),
        ("writeFiles", {"content": [{"path": "../out", "text": ""}]}),
    ],
)
def test_what_is_not_offered_is_a_validation_error(session: Session, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(session.client.exceptions.ValidationException):
        session.invoke(name, **arguments)


def test_an_unsigned_request_is_refused(server: Server) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("PUT", f"/code-interpreters/{IDENTIFIER}/sessions/start", body="{}")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-amzn-errortype"]) == (403, "AccessDeniedException")


def test_a_wrong_secret_is_refused(server: Server) -> None:
    client = server.client()
    client._request_signer._credentials.secret_key = "wrong"
    with pytest.raises(ClientError, match="AccessDeniedException"):
        Session.start(client)


@pytest.mark.parametrize("path", ["/healthz", f"/code-interpreters/{IDENTIFIER}/sessions/list"])
def test_a_foreign_host_header_is_refused(server: Server, path: str) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET" if path == "/healthz" else "POST", path, headers={"Host": "evil.example"})
    assert connection.getresponse().status == 403
