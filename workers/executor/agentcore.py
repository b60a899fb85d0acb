"""Sandbox sessions over AgentCore's wire: AWS's, or those of our own server, which speaks the same.

`bedrock_agentcore`'s CodeInterpreter does the calls, with its data client replaced by one of ours, because only then
can the endpoint, the time-outs and the retries be set: botocore's own would send a user's code again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import urllib3.exceptions
from bedrock_agentcore.tools.code_interpreter_client import CodeInterpreter
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError

from core.settings import Settings
from workers.executor.servers import Server, described, endpoints

logger = logging.getLogger(__name__)

T = TypeVar("T")

FRAMES_AHEAD = 64
"""Frames that are read before somebody takes them."""

RUN_ENDED = "run-ended"
"""Name of the block in which our own server says why it ended a run."""


class SandboxError(Exception):
    """The sandbox did not do what it was asked; `code` is AWS's name of the error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class SandboxGone(SandboxError):
    """The session is not there (any more)."""


class SandboxBusy(SandboxError):
    """The session runs something else."""


class SandboxFull(SandboxError):
    """No room for another session at the moment."""


class SandboxRefuses(SandboxError):
    """The server will not run code at all, for a reason that trying again does not change."""


class SandboxUnreachable(SandboxError):
    """No answer, or one that broke off."""


_BY_CODE: dict[str, type[SandboxError]] = {
    "ResourceNotFoundException": SandboxGone,
    "ConflictException": SandboxBusy,
    "ServiceQuotaExceededException": SandboxFull,
    "ThrottlingException": SandboxFull,
    "AccessDeniedException": SandboxRefuses,
    "UnrecognizedClientException": SandboxRefuses,
    "InvalidSignatureException": SandboxRefuses,
}


def _translated(error: Exception) -> SandboxError:
    """botocore's and urllib3's errors as ours."""
    if isinstance(error, ClientError | EventStreamError):
        code = error.response.get("Error", {}).get("Code", "Unknown")
        # Errors inside a stream are named like its members, in lower camel case.
        code = code[:1].upper() + code[1:]
        message = error.response.get("Error", {}).get("Message", str(error))
        return _BY_CODE.get(code, SandboxError)(code, message)
    return SandboxUnreachable(type(error).__name__, f"the sandbox did not answer ({type(error).__name__})")


ASKS_SECRETLY = {"input-requested": False, "password-requested": True}
"""Names of the blocks in which our own server says what the code asks, and whether the answer is not to be shown."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the code asks; it waits until `Interpreter.answer` names the question."""

    id: str
    prompt: str
    password: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """One `result` of an invocation."""

    stdout: str
    stderr: str
    is_error: bool
    content: list[dict[str, Any]]
    ended: str | None
    """Why the server ended the run or the session, where it did: `memory-limit` and the like."""
    question: Question | None = None

    @classmethod
    def parse(cls, result: dict[str, Any]) -> Frame:
        """From the wire. Text that comes only as content (without the structured form) is taken for stdout."""
        structured = result.get("structuredContent") or {}
        content = result.get("content") or []
        stdout = structured.get("stdout")
        if stdout is None:
            stdout = "".join(block.get("text") or "" for block in content if block.get("type") == "text")
        stderr, ended, question = structured.get("stderr") or "", None, None
        for block in content:
            password = ASKS_SECRETLY.get(block.get("name") or "")
            if password is not None:
                question = Question(block.get("description") or "", block.get("text") or "", password)
            if block.get("name") == RUN_ENDED:
                ended = block.get("description")
                # The server's own sentence: the job says it better, for it knows of the session's files.
                stderr = stderr.removesuffix("\n").removesuffix(block.get("text") or "")
        return cls(stdout, stderr, bool(result.get("isError")), content, ended, question)


class Invocation:
    """A running `executeCode`: frames as they come, and a way to hang up, which interrupts it."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._hung_up = threading.Event()

    def frames(self) -> Iterator[Frame]:
        """Blocks between frames. Raises SandboxError when the stream breaks; ends quietly after `hang_up`."""
        try:
            for event in self._stream:
                if "result" in event:
                    yield Frame.parse(event["result"])
        except (BotoCoreError, ClientError, urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # urllib3 answers a shutdown from another thread with whatever it was just doing.
            if not self._hung_up.is_set():
                raise _translated(error) from error
        finally:
            self._stream.close()

    def hang_up(self) -> None:
        """From any thread: end the connection. Our own server interrupts the run and keeps its variables."""
        self._hung_up.set()
        try:
            self._stream._raw_stream.shutdown()
        except (OSError, ValueError, AttributeError, RuntimeError):
            self._stream.close()


class Interpreter:
    """One sandbox session. Its calls block: they are made in threads of `CodeInterpreters`."""

    def __init__(self, client: CodeInterpreter, server: str | None = None) -> None:
        self._client = client
        self._server = server

    @property
    def id(self) -> str:
        """The server's name for the session, and where there are several servers the address of this one."""
        session_id = self._client.session_id
        assert session_id is not None
        return session_id if self._server is None else f"{session_id}@{self._server}"

    def execute(self, code: str) -> Invocation:
        """Start running code. Raises SandboxError when it did not start."""
        return Invocation(self._call("executeCode", {"language": "python", "code": code})["stream"])

    def write_files(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Write files, by relative path. Raises SandboxError."""
        content = [{"path": path, "blob": data} for path, data in files]
        if content:
            self._answer("writeFiles", {"content": content})

    def remove_files(self, paths: list[str]) -> None:
        """Remove files, by relative path. Raises SandboxError; one that is not there is no error."""
        if paths:
            self._answer("removeFiles", {"paths": paths})

    def read_file(self, path: str) -> bytes | None:
        """The bytes of a file, or None when there is none that can be read. Raises SandboxError."""
        pieces = []
        for block in self._answer("readFiles", {"paths": [path]}):  # a large one comes in several blocks, in order
            resource = block.get("resource") or {}
            if "blob" in resource:
                pieces.append(bytes(resource["blob"]))
            elif "text" in resource:
                pieces.append(str(resource["text"]).encode())
        return b"".join(pieces) if pieces else None

    def answer(self, question_id: str, text: str | None) -> None:
        """Give what runs the answer to its question; None says that there is none. Raises SandboxError."""
        answer = {"path": question_id} if text is None else {"path": question_id, "text": text}
        self._answer("answerInput", {"content": [answer]})

    def wait_for_its_turn(self) -> None:
        """Return when the run that was hung up on is over. Raises SandboxBusy where the server does not wait for it."""
        self._answer("executeCommand", {"command": "true"})

    def touch(self) -> None:
        """See whether the session still lives. Raises SandboxGone when it does not."""
        answer = _calling(self._client.get_session)
        if answer.get("status") == "TERMINATED":
            raise SandboxGone("ResourceNotFoundException", "the session has ended")

    def stop(self) -> None:
        """End the session, and all that runs in it. Raises SandboxError."""
        # Not by the client's own method: it forgets the session, and with its next call would start another.
        _calling(
            lambda: self._client.data_plane_client.stop_code_interpreter_session(
                codeInterpreterIdentifier=self._client.identifier, sessionId=self._client.session_id
            )
        )

    def _call(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = _calling(lambda: self._client.invoke(name, arguments))
        return answer

    def _answer(self, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The content of a tool that answers once."""
        frames = list(Invocation(self._call(name, arguments)["stream"]).frames())
        content = [block for frame in frames for block in frame.content]
        if any(frame.is_error for frame in frames) and name != "readFiles":
            text = " ".join(block.get("text") or "" for block in content)
            raise SandboxError("ToolError", f"{name}: {text}")
        return content


def _calling(call: Callable[[], T]) -> T:
    try:
        return call()
    except (BotoCoreError, ClientError, urllib3.exceptions.HTTPError, OSError) as error:
        raise _translated(error) from error


class LostInterpreter(Interpreter):
    """A session on a server that is none of this worker's any more."""

    def __init__(self, sandbox_id: str) -> None:
        self._sandbox_id = sandbox_id

    @property
    def id(self) -> str:
        """As it was remembered."""
        return self._sandbox_id

    def touch(self) -> None:
        """Raises SandboxGone."""
        raise SandboxGone("ResourceNotFoundException", "its server is none of this worker's any more")

    def stop(self) -> None:
        """Raises SandboxGone."""
        self.touch()


class CodeInterpreters:
    """Starts and re-attaches sandbox sessions; made once a process, for its boto3 clients are."""

    def __init__(self, settings: Settings) -> None:
        self._identifier = settings.sandbox_identifier
        self._threads = ThreadPoolExecutor(2 * settings.worker_slots, thread_name_prefix="sandbox")
        self._servers = [Server(settings, endpoint) for endpoint in endpoints(settings)]

    async def describe(self) -> dict[str, Any]:
        """What kind of sandbox this is: `status` (ok, refusing or unreachable), `tier`, and `detail` in words."""
        return described(await asyncio.gather(*(self.blocking(server.describe) for server in self._servers)))

    async def tier(self) -> str:
        """The tier of confinement that sessions get, the weakest where servers differ."""
        if any(server.tier is None for server in self._servers):
            await self.describe()
        return max((server.tier for server in self._servers if server.tier is not None), default="unknown")

    @property
    def live(self) -> bool:
        """Whether output comes as it is printed, and programs can ask: our own servers do that."""
        return any(server.endpoint is not None for server in self._servers)

    async def start(self, lifetime_s: int, name: str, token: str) -> Interpreter:
        """A new session, on any server that has room for it; or the one that was started with this token before, where
        its server still has it. Raises SandboxError.
        """
        problem: SandboxError | None = None
        for server in random.sample(self._servers, len(self._servers)):
            try:
                return await self._start_on(server, lifetime_s, name, token)
            except (SandboxFull, SandboxRefuses, SandboxUnreachable) as error:
                # That it is full or away may change; that it refuses does not, and is said only if all do.
                if problem is None or isinstance(problem, SandboxRefuses):
                    problem = error
        assert problem is not None
        raise problem

    async def start_everywhere(self, lifetime_s: int, name: str, token: str) -> list[Interpreter]:
        """The same on each server that does it: for who does not know which of them has a session of this token."""
        found = []
        for server in self._servers:
            with contextlib.suppress(SandboxError):
                found.append(await self._start_on(server, lifetime_s, name, token))
        return found

    async def _start_on(self, server: Server, lifetime_s: int, name: str, token: str) -> Interpreter:
        client = server.new_client()

        def start() -> None:
            # Not by the client's own method, which knows no token.
            answer = client.data_plane_client.start_code_interpreter_session(
                codeInterpreterIdentifier=self._identifier,
                name=name,
                sessionTimeoutSeconds=lifetime_s,
                clientToken=token,
            )
            client.identifier, client.session_id = answer["codeInterpreterIdentifier"], answer["sessionId"]

        await self.blocking(lambda: _calling(start))
        return Interpreter(client, self._name(server))

    def attach(self, sandbox_id: str) -> Interpreter:
        """A session that somebody, perhaps another worker, started. Whether it still lives shows at its first call."""
        session_id, _, name = sandbox_id.partition("@")
        server = next((server for server in self._servers if not name or server.endpoint == name), None)
        if server is None:
            return LostInterpreter(sandbox_id)
        client = server.new_client()
        client.identifier, client.session_id = self._identifier, session_id
        return Interpreter(client, self._name(server))

    def _name(self, server: Server) -> str | None:
        return server.endpoint if len(self._servers) > 1 else None

    async def blocking(self, call: Callable[[], T]) -> T:
        """Make a blocking call in one of this object's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def frames(self, invocation: Invocation) -> AsyncIterator[Frame]:
        """The frames of an invocation, read in a thread, a few ahead of who takes them: one that takes slowly slows
        the program down instead of filling the memory. Raises SandboxError.
        """
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        room = threading.Semaphore(FRAMES_AHEAD)
        left = threading.Event()

        def read() -> None:
            try:
                for frame in invocation.frames():
                    while not room.acquire(timeout=1.0):
                        if left.is_set():
                            return
                    loop.call_soon_threadsafe(queue.put_nowait, frame)
            finally:
                loop.call_soon_threadsafe(queue.put_nowait, None)

        reading = loop.run_in_executor(self._threads, read)
        try:
            while (frame := await queue.get()) is not None:
                room.release()
                yield frame
            await reading
        finally:
            left.set()
