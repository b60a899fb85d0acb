"""A real server as a process, and sessions in it as one line per call, by unmodified clients.

Where it makes no difference how the process came to be, it is forked from one that has loaded its code.

Where the machine can't confine code these tests fail; only where it forbids user namespaces to an ordinary user, and
outside of CI, they are skipped with that reason.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import boto3
import psutil
import pytest
from botocore.config import Config
from services import REPOSITORY, SANDBOX_PYTHON

from embedded.children import bare_environment
from tests.zygote import Forked, zygote

IDENTIFIER = "aws.codeinterpreter.v1"
KEY, SECRET = "AKIDTESTS", "a secret for tests"
SETTINGS = {
    "SANDBOX_PORT": "0",
    "SANDBOX_ACCESS_KEY_ID": KEY,
    "SANDBOX_SECRET_ACCESS_KEY": SECRET,
    "SANDBOX_PRELOAD": "false",  # it starts in a third of the time
    "SANDBOX_MEMORY_MB": "512",
    "SANDBOX_DISK_MB": "64",
    "SANDBOX_PROCESSES": "32",
    "SANDBOX_OUTPUT_KB": "64",
    "SANDBOX_FLOOD_MB": "8",
    "SANDBOX_GRACE_SECONDS": "30",  # a machine that is busy must end no session that would end its run
}


@dataclass
class Server:
    """A server process that has said where it listens."""

    process: subprocess.Popen[str] | Forked
    log: IO[str]
    """What it says, as long as anybody holds this."""
    url: str

    @classmethod
    def start(cls, user: int | None = None, **settings: str) -> Server:
        """Start one; as root, `user` is the id of an ordinary user that it is to run as."""
        become = [sys.executable, str(Path(__file__).with_name("as_user.py")), str(user)] if user is not None else []
        process = subprocess.Popen(
            [*become, sys.executable, "-m", "sandbox"],
            env={"PATH": os.environ.get("PATH", ""), **SETTINGS, **settings},
            cwd=REPOSITORY,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        return cls(process, process.stderr, address(process.stderr))

    @classmethod
    def fork(cls, **settings: str) -> Server:
        """One that is started in less than half the time."""
        environment = {**bare_environment(), "PYTHONPATH": str(REPOSITORY), "SANDBOX_PYTHON": str(SANDBOX_PYTHON)}
        reading, writing = os.pipe()
        words = ["-m", "sandbox"]
        process = zygote().fork(words, {**environment, **SETTINGS, **settings}, Path(f"/proc/self/fd/{writing}"))
        os.close(writing)
        log = os.fdopen(reading)
        return cls(process, log, address(log))

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/healthz") as answer:
            content: dict[str, Any] = json.load(answer)
            return content

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def groups(self) -> list[Path]:
        """Its control groups, of each hierarchy. Those of others may go while one looks."""
        name = f"code-sandbox-{self.process.pid}"
        return [Path(folder, name) for folder, folders, _ in os.walk("/sys/fs/cgroup") if name in folders]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)

    def client(self, **config: Any) -> Any:
        return boto3.client(
            "bedrock-agentcore",
            region_name="us-west-2",
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(retries={"total_max_attempts": 1}, **config),
        )


def address(said: Iterable[str]) -> str:
    """Where a server listens, as soon as it has said so."""
    lines = []
    for line in said:
        lines.append(line)
        found = re.search(r"running on (http://127\.0\.0\.1:\d+)", line)
        if found:
            return found[1]
    raise AssertionError("the server did not start:\n" + "".join(lines))


@dataclass
class Session:
    """A session, as one line per call."""

    client: Any
    id: str

    @classmethod
    def start(cls, client: Any, **arguments: Any) -> Session:
        answer = client.start_code_interpreter_session(codeInterpreterIdentifier=IDENTIFIER, **arguments)
        return cls(client, answer["sessionId"])

    def invoke(self, name: str, **arguments: Any) -> Any:
        """The open event stream."""
        answer = self.client.invoke_code_interpreter(
            codeInterpreterIdentifier=IDENTIFIER, sessionId=self.id, name=name, arguments=arguments
        )
        return answer["stream"]

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """The result of a tool."""
        return whole(self.invoke(name, **arguments))

    def run(self, code: str, wall: str | None = None, **arguments: Any) -> Outcome:
        """Run code to its end; `wall` asks for an interrupt after so many seconds."""
        with _header(self.client, "x-sandbox-timeout-seconds", wall):
            return Outcome(self.call("executeCode", code=code, language="python", **arguments))

    def out(self, code: str) -> str:
        """What code that must succeed prints."""
        outcome = self.run(code)
        assert outcome.exit_code == 0, outcome
        return outcome.stdout.strip()

    def wait_for(self, name: str) -> None:
        """Until its code has made that file."""
        poll_until(lambda: name in str(self.call("listFiles", directoryPath="")["content"]))

    def status(self) -> str:
        answer = self.client.get_code_interpreter_session(codeInterpreterIdentifier=IDENTIFIER, sessionId=self.id)
        return str(answer["status"])

    def stop(self) -> None:
        self.client.stop_code_interpreter_session(codeInterpreterIdentifier=IDENTIFIER, sessionId=self.id)


def whole(events: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The last result, with all that the pieces before it say was printed."""
    *pieces, last = (event["result"] for event in events)
    for stream in ("stdout", "stderr") if pieces else ():
        last["structuredContent"][stream] = "".join(one["structuredContent"][stream] for one in (*pieces, last))
    result: dict[str, Any] = last
    return result


class Outcome:
    """How a run ended."""

    def __init__(self, result: dict[str, Any]) -> None:
        content = result["structuredContent"]
        self.stdout: str = content["stdout"]
        self.stderr: str = content["stderr"]
        self.exit_code: int = content["exitCode"]
        self.task_status: str = content["taskStatus"]
        self.is_error: bool = result["isError"]
        ended = [block for block in result["content"] if block.get("name") == "run-ended"]
        self.limit: str | None = ended[0]["description"] if ended else None
        reached = [block for block in result["content"] if block.get("name") == "limit-reached"]
        self.reached: str | None = reached[0]["description"] if reached else None

    def __repr__(self) -> str:
        return (
            f"Outcome({self.exit_code}, {self.limit or self.reached}, {self.stdout[-2000:]!r}, {self.stderr[-2000:]!r})"
        )


@contextlib.contextmanager
def running(start: Callable[..., Server] = Server.fork, **settings: str) -> Iterator[Server]:
    """A server that confines code; stopped at the end if the test has not ended it."""
    server = start(**settings)
    try:
        require_confinement(server)
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()


def living(server: Server) -> list[psutil.Process]:
    """The server's processes below it that have not ended; their command lines can be read."""
    found = []
    for process in server.descendants():
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE and process.cmdline():
                found.append(process)
    return found


def runs(server: Server, word: str) -> bool:
    """Whether a process below the server has this in its command line."""
    for process in server.descendants():
        with contextlib.suppress(psutil.NoSuchProcess):
            if word in " ".join(process.cmdline()):
                return True
    return False


def poll_until(holds: Callable[[], bool], patience_s: float = 30) -> None:
    """Until what must come true by itself has, looking every few milliseconds."""
    give_up_at = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < give_up_at, "it did not come true"
        time.sleep(0.01)


_INVOKE = "before-sign.bedrock-agentcore.InvokeCodeInterpreter"


@contextlib.contextmanager
def _header(client: Any, name: str, value: str | None) -> Iterator[None]:
    """Within the block the client sends this header with its invocations, if there is a value."""

    def add(request: Any, **_: Any) -> None:
        if value is not None:
            request.headers.add_header(name, value)

    client.meta.events.register(_INVOKE, add)
    yield
    client.meta.events.unregister(_INVOKE, add)


def ask_for_live_output(client: Any) -> None:
    """Have the client send the header that opts in to several events a run."""
    client.meta.events.register(
        _INVOKE, lambda request, **_: request.headers.add_header("x-sandbox-live-output", "true")
    )


def require_confinement(server: Server) -> None:
    """Fail, or skip where nothing else is possible, if the server refuses."""
    health = server.health()
    if health["status"] == "ok":
        return
    forbidden = os.geteuid() != 0 and subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode
    if forbidden and os.environ.get("CI") != "true":
        pytest.skip(f"this user may not make user namespaces: {health['reason']}")
    pytest.fail(f"the sandbox refuses: {health}")
