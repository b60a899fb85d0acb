"""The tools of `tools/invoke`: each from its arguments to a response."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from sandbox.files.workspace import BadPath, FileProblem
from sandbox.http.run_response import INPUT_HEADER, LIVE_HEADER, SESSION_HEADER, TIMEOUT_HEADER, RunResponse
from sandbox.sessions.questions import NoSuchQuestion
from sandbox.sessions.session import Session
from sandbox.sessions.tasks import ANSWER_SECONDS, Task, TaskProblem, TooLong, TooManyTasks
from sandbox.wire import eventstream, results
from sandbox.wire.errors import (
    ConflictException,
    InternalServerException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ValidationException,
)
from sandbox.wire.models import InvokeTool, ToolArguments

AnyResponse = Response | RunResponse

MAX_ANSWER: Final = 10_000
"""Characters of an answer. All of its frame must fit into a socket's buffer at once (sandbox/inside/asking.py)."""

_HANG_UP_SECONDS: Final = 0.5
"""For which a request waits to hear whether the run before it still has a client."""


async def invoke(session: Session, call: InvokeTool, request: Request) -> AnyResponse:
    """Do what the call asks for. Raises ServiceErrors for what can't be tried; a try that fails is a result."""
    return await _TOOLS[call.name](session, call.arguments, request)


async def _execute_code(session: Session, arguments: ToolArguments, request: Request) -> AnyResponse:
    if arguments.language != "python":
        raise ValidationException(
            f"Only Python is run here, and no {arguments.language}.", fields={"language": "must be python"}
        )
    if arguments.runtime not in (None, "python"):
        raise ValidationException(
            f"Only Python is run here, and {arguments.runtime} is not there.", fields={"runtime": "must be python"}
        )
    code = _required(arguments.code, "code")
    return await _run(session, {"code": code, "clearContext": arguments.clear_context}, request)


async def _execute_command(session: Session, arguments: ToolArguments, request: Request) -> AnyResponse:
    return await _run(session, {"command": _required(arguments.command, "command")}, request)


async def _run(session: Session, what: dict[str, Any], request: Request) -> AnyResponse:
    seconds = _timeout(request)
    while (run := session.run) is not None:
        try:
            # A client may hang up and ask again in one breath, and the request be seen before the hang-up is.
            await asyncio.wait_for(run.abandoned.wait(), _HANG_UP_SECONDS)
        except TimeoutError:
            raise ConflictException("The session is busy with another run: wait for its end.") from None
        # It is being interrupted: that takes no longer than the grace.
        await run.ended.wait()
    _check_lives(session)
    asks = "code" in what and _says_yes(request, INPUT_HEADER)
    # A question has to be told while the run waits, and so is what it printed before.
    live = asks or _says_yes(request, LIVE_HEADER)
    return RunResponse(session, session.begin(what, seconds, asks=asks), live=live)


def _says_yes(request: Request, header: str) -> bool:
    return request.headers.get(header, "").lower() == "true"


def _check_lives(session: Session) -> None:
    if session.over.is_set():
        raise ResourceNotFoundException(f"The session {session.id} has ended: start a new one.")


def _timeout(request: Request) -> float | None:
    stated = request.headers.get(TIMEOUT_HEADER)
    if stated is None:
        return None
    try:
        seconds = float(stated)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 1e6:
        raise ValidationException(f"{TIMEOUT_HEADER} must be a number of seconds.")
    return seconds


async def _answer_input(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    """A tool of our own: `content` holds one block whose `path` is the question, and whose `text` is the answer."""
    content = arguments.content or []
    if len(content) != 1:
        raise ValidationException("answerInput needs one answer.", fields={"content": "must hold one block"})
    answer = content[0].text if content[0].blob is None else content[0].data.decode("utf-8", "backslashreplace")
    if answer is not None and len(answer) > MAX_ANSWER:
        raise ValidationException(
            f"An answer has {MAX_ANSWER} characters at most.", fields={"content.0.text": "is too long"}
        )
    try:
        session.answer(content[0].path, answer)
    except NoSuchQuestion:
        raise ConflictException("No such question waits for an answer (any more).") from None
    return _answer(session, _said("The answer was passed on."))


async def _start_command(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    command = _required(arguments.command, "command")
    session.touch()
    try:
        task = await session.tasks.start(command)
    except TooManyTasks as error:
        raise ServiceQuotaExceededException(str(error)) from None
    except TooLong as error:
        raise ValidationException(str(error), fields={"command": str(error)}) from None
    except TaskProblem as error:
        _check_lives(session)
        return _answer(session, results.result_event(results.message(str(error), is_error=True)))
    # As of its start: what a short command has done by now, getTask tells.
    return _task_answer(session, results.task(task.id, "submitted", {"stdout": "", "stderr": ""}))


async def _get_task(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    session.touch()
    return _task_answer(session, _told(_find_task(session, arguments)))


async def _stop_task(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    session.touch()
    task = _find_task(session, arguments)
    session.tasks.stop(task)
    try:
        await asyncio.wait_for(task.ended.wait(), ANSWER_SECONDS)
    except TimeoutError:
        raise InternalServerException("The task was told to end and has not yet.") from None
    return _task_answer(session, _told(task))


def _find_task(session: Session, arguments: ToolArguments) -> Task:
    task_id = _required(arguments.task_id, "taskId")
    task = session.tasks.find(task_id)
    if task is None:
        raise ResourceNotFoundException(f"There is no task {task_id} in this session (any more).")
    return task


def _told(task: Task) -> results.Result:
    said = task.said()
    return results.task(task.id, task.status, said, task.exit_code, task.seconds if task.ended.is_set() else None)


def _task_answer(session: Session, result: results.Result) -> Response:
    return _answer(session, results.result_event(result))


async def _read_files(session: Session, arguments: ToolArguments, request: Request) -> AnyResponse:
    paths = arguments.paths or [_required(arguments.path, "paths")]
    several_events = _says_yes(request, LIVE_HEADER)

    def read() -> bytes:
        files = []
        for path in paths:
            data = session.workspace.read(path)
            if len(data) > results.MAX_PART_BYTES and not several_events:
                raise FileProblem(
                    f"{path} has {len(data)} bytes, and one event holds {results.MAX_PART_BYTES}: ask with the"
                    f" header {LIVE_HEADER}: true for its parts, or split it first"
                )
            files.append((path, data))
        return b"".join(results.file_events(files))

    return await _file_answer(session, read)


async def _write_files(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    content = arguments.content
    if not content:
        raise ValidationException("writeFiles needs content.", fields={"content": "must not be empty"})

    def write() -> bytes:
        session.workspace.write_all([(file.path, file.data) for file in content])
        return _said(f"Successfully wrote all {len(content)} files")

    return await _file_answer(session, write)


async def _list_files(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    folder = arguments.directory_path or arguments.path or ""

    def listing() -> bytes:
        entries = session.workspace.listing(folder)
        blocks = [results.entry(entry.path, folder=entry.folder, size=entry.size) for entry in entries]
        return results.result_event({"content": blocks, "isError": False})

    return await _file_answer(session, listing)


async def _remove_files(session: Session, arguments: ToolArguments, _request: Request) -> AnyResponse:
    paths = arguments.paths or [_required(arguments.path, "paths")]

    def remove() -> bytes:
        for path in paths:
            session.workspace.remove(path)
        return _said(f"Successfully removed all {len(paths)} files")

    return await _file_answer(session, remove)


async def _file_answer(session: Session, work: Callable[[], bytes]) -> Response:
    """Do file work in a thread; what the file system refuses is a result with isError."""
    session.touch()
    try:
        events = await asyncio.to_thread(work)
    except BadPath as error:
        raise ValidationException(str(error), fields={"path": str(error)}) from None
    except FileProblem as error:
        events = results.result_event(results.message(f"Error: {error}", is_error=True))
    except OSError as error:
        if error.errno != errno.EBADF:
            raise
        raise ResourceNotFoundException(f"The session {session.id} has ended: start a new one.") from None
    return _answer(session, events)


def _answer(session: Session, events: bytes) -> Response:
    headers = {SESSION_HEADER: session.id, "cache-control": "no-store"}
    return Response(events, media_type=eventstream.CONTENT_TYPE, headers=headers)


def _said(text: str) -> bytes:
    return results.result_event(results.message(text))


def _required(value: str | None, name: str) -> str:
    if value is None:
        raise ValidationException(f"{name} is missing.", fields={name: "must be given"})
    return value


_TOOLS: Final[dict[str, Callable[[Session, ToolArguments, Request], Awaitable[AnyResponse]]]] = {
    "executeCode": _execute_code,
    "executeCommand": _execute_command,
    "readFiles": _read_files,
    "writeFiles": _write_files,
    "listFiles": _list_files,
    "removeFiles": _remove_files,
    "startCommandExecution": _start_command,
    "getTask": _get_task,
    "stopTask": _stop_task,
    "answerInput": _answer_input,
}
