"""Starts the whole service on this machine under one supervisor, in order and with a line for whoever
watches; stops it again whichever way it is asked to, and leaves no process. supervisord keeps the processes
alive; this module prepares what they need, tells of what happens to them, and cleans up after a start that
was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import socket
import sys
import time
import xmlrpc.client
from asyncio.subprocess import STDOUT, Process
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from embedded import addresses, leftovers, plugins, ports, postgres, procfile, readiness, redis, supervisor
from embedded.children import START_TIMEOUT, bare_environment, until_parent_ends
from embedded.errors import StartFailed
from embedded.identity import Identity, identity_for_postgres
from embedded.keys import Keys, admin_key_file, load_or_draw
from embedded.narrator import Happening, Kind, Narrator, parse
from embedded.places import ROOT, Places, exclusive, publish_address, published_environment, socket_folder
from embedded.screen import Follower, Screen, end_of

READY_SECONDS = 90.0  # how long the first answer of the API is waited for before saying that it does not come
SETTLING_SECONDS = 20.0  # how long workers may then take to report before it is said that they don't
RETRY_SECONDS = 30.0  # between tries of a program that supervisord has given up on
STOP_SECONDS = 120.0  # more than all programs may take one after the other
LOOK_SECONDS = 0.05
DATABASE_PROGRAMS = ("postgres", "redis")


@dataclass(frozen=True)
class Plan:
    """What is to be started, as the command line and the environment have it."""

    home: Path
    procfile: Path
    before: tuple[str, ...]
    """A command that has to succeed before the processes start: the migrations."""
    environment: Mapping[str, str]
    verbose: bool = False


@dataclass(frozen=True)
class Prepared:
    """The programs with all they need, and the environment of those that get the whole one."""

    programs: tuple[supervisor.Program, ...]
    environment: Mapping[str, str]
    ready: Mapping[str, Callable[[int], bool]]
    """For each database program, whether it answers, given its pid."""


class Launcher:
    """One run of the service, from the first check to the last process gone."""

    def __init__(self, plan: Plan, screen: Screen) -> None:
        self._plan = plan
        self._screen = screen
        self._places = Places(plan.home)
        self._register = leftovers.Register(self._places.run / "processes.json")
        self._pids: dict[str, int] = {}
        self._given_up: set[str] = set()
        self._narrator = Narrator(screen.say, self._end_of_log, RETRY_SECONDS)
        self._supervisord: Process | None = None
        self._control = Path()
        self._sandbox_url = ""
        self._admin_key: Path | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Start, keep running until a signal asks to stop, and stop. Returns the exit status.

        Raises an EmbeddedError for what keeps it from starting.
        """
        serving = asyncio.create_task(self._serve())
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._asked_to_stop, serving)
        try:
            return await serving
        except asyncio.CancelledError:
            return 0

    def _asked_to_stop(self, serving: asyncio.Task[int]) -> None:
        if not self._narrator.stopping:
            self._narrator.stopping = True
            self._screen.say("\nStopping … (Ctrl-C again kills at once)")
            serving.cancel()
        elif self._supervisord is not None:
            self._screen.say("Killing what is left.")
            leftovers.kill_now(self._register.load())

    async def _serve(self) -> int:
        began_at = time.monotonic()
        address = addresses.api_address(self._plan.environment)
        processes = await self._with_plugins(procfile.read(self._plan.procfile))
        self._places.prepare()
        with contextlib.ExitStack() as held:
            held.enter_context(exclusive(self._places))
            self._clean_up_after_a_killed_start()
            addresses.check_free(address)
            external = bool(self._plan.environment.get("DATABASE_URL"))
            identity = Identity() if external else await asyncio.to_thread(identity_for_postgres)
            sockets = held.enter_context(socket_folder(self._places, identity))
            prepared = await self._prepare(processes, address, identity, sockets, held)
            held.enter_context(published_environment(self._places, prepared.environment))
            try:
                await self._start_supervisor(prepared, sockets / "ctl")
                await self._start_programs(prepared)
                await self._announce(processes, address, began_at)
                return await self._until_supervisor_ends()
            finally:
                # Shielded, because a second signal must not cut the stopping short; it kills instead.
                await asyncio.shield(self._stop())

    async def _with_plugins(self, processes: list[procfile.Process]) -> list[procfile.Process]:
        found = await asyncio.to_thread(plugins.installed, self._plan.environment)
        for problem in found.problems:
            self._screen.say(problem)
        return plugins.with_workers(processes, found.pools)

    def _clean_up_after_a_killed_start(self) -> None:
        records = self._register.load()
        if any(leftovers.find(record) for record in records):
            with self._screen.step("Ending what an earlier run, which was killed, left behind"):
                leftovers.end(records)
        self._register.clear()

    # --- preparing --------------------------------------------------------------------------------

    async def _prepare(
        self,
        processes: list[procfile.Process],
        address: addresses.Address,
        identity: Identity,
        sockets: Path,
        held: contextlib.ExitStack,
    ) -> Prepared:
        given = self._plan.environment
        keys = load_or_draw(self._places.secrets)
        environment = {
            **given,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{given.get('PATH', os.defpath)}",
            "PYTHONUNBUFFERED": "1",
            "ACI_HOST": address.host,
            "ACI_PORT": str(address.port),
        }
        programs: list[supervisor.Program] = []
        ready: dict[str, Callable[[int], bool]] = {}
        if given.get("DATABASE_URL"):
            self._screen.say("Using the Postgres that DATABASE_URL names.")
        else:
            program, is_ready = await self._prepare_postgres(keys, identity, sockets)
            programs.append(program)
            ready[program.name] = is_ready
            environment["DATABASE_URL"] = postgres.url_for(sockets, keys.postgres_password)
        if given.get("REDIS_URL"):
            self._screen.say("Using the Redis that REDIS_URL names.")
        else:
            program, url = self._prepare_redis(keys, held.enter_context(ports.held_port(redis.PORT)))
            programs.append(program)
            ready[program.name] = lambda _pid: redis.is_ready(url)
            environment["REDIS_URL"] = url
        sandbox: dict[str, str] | None = None
        if "ACI_SANDBOX_ENDPOINT" in given:
            where = given["ACI_SANDBOX_ENDPOINT"] or "AWS Bedrock AgentCore"
            self._screen.say(f"Using the sandbox that ACI_SANDBOX_ENDPOINT names: {where}.")
            processes = [process for process in processes if process.name != "sandbox"]
        else:
            sandbox = self._sandbox_environment(keys)
            self._sandbox_url = f"http://{addresses.HOST}:{sandbox['SANDBOX_PORT']}"
            environment["ACI_SANDBOX_ENDPOINT"] = self._sandbox_url
            environment["ACI_SANDBOX_CREDENTIALS_FILE"] = str(keys.sandbox_file)
        if addresses.asks(given) and not given.get("ACI_ADMIN_KEY_FILE"):
            self._admin_key = admin_key_file(self._places.secrets)
            environment["ACI_ADMIN_KEY_FILE"] = str(self._admin_key)
        for process in processes:
            bare = sandbox if process.name == "sandbox" else None
            programs.append(supervisor.program_for(process, bare=bare))
        return Prepared(tuple(programs), environment, ready)

    async def _prepare_postgres(
        self, keys: Keys, identity: Identity, sockets: Path
    ) -> tuple[supervisor.Program, Callable[[int], bool]]:
        folder = self._places.postgres
        data = folder / "data"
        identity.own_folder(sockets)
        programs = await asyncio.to_thread(postgres.usable_programs, identity, folder)
        if not postgres.check_data(data):
            with self._screen.step("Making the database"):
                await asyncio.to_thread(postgres.create_data, data, keys.postgres_password, identity, programs)
        postgres.clear_stale_pid_file(data)
        program = supervisor.Program(
            "postgres",
            tuple(identity.command(postgres.server_command(data, sockets, programs))),
            stop_signal="INT",
            account=identity.account,
            bare=bare_environment(),
        )
        return program, lambda pid: postgres.is_ready(data, pid)

    def _prepare_redis(self, keys: Keys, port: int) -> tuple[supervisor.Program, str]:
        folder = self._places.redis
        file = folder / "redis.conf"
        redis.write_configuration(file, folder=folder, port=port, password=keys.redis_password)
        program = supervisor.Program("redis", (str(redis.server_program()), str(file)), bare=bare_environment())
        return program, redis.url_for(port, keys.redis_password)

    def _sandbox_environment(self, keys: Keys) -> dict[str, str]:
        given = self._plan.environment
        wanted = addresses.port_from(given, "SANDBOX_PORT", addresses.SANDBOX_PORT)
        return supervisor.sandbox_environment(
            given,
            {
                "SANDBOX_HOST": given.get("SANDBOX_HOST") or addresses.HOST,
                "SANDBOX_PORT": str(ports.free_port(wanted)),
                "SANDBOX_PYTHON": given.get("SANDBOX_PYTHON") or str(ROOT / ".venv-sandbox" / "bin" / "python"),
                "SANDBOX_CREDENTIALS_FILE": str(keys.sandbox_file),
            },
        )

    # --- starting ---------------------------------------------------------------------------------

    async def _start_supervisor(self, prepared: Prepared, control: Path) -> None:
        file = self._places.run / "supervisord.conf"
        file.write_text(
            supervisor.configuration(
                prepared.programs,
                places=self._places,
                socket=control,
                root=ROOT,
                as_root=supervisor.is_root(),
            )
        )
        # A session of its own: the terminal's Ctrl-C and hang-up reach the launcher alone, which then stops
        # everything in order. Should the launcher be killed, the kernel asks supervisord to stop.
        supervisor.allow_open_files()
        log = supervisor.log_file(self._places)
        log.unlink(missing_ok=True)
        with log.open("ab") as stream:
            self._supervisord = await asyncio.create_subprocess_exec(
                *until_parent_ends(signal.SIGTERM),
                *(sys.executable, "-m", "supervisor.supervisord", "-c", str(file)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stream,
                stderr=STDOUT,
                env=dict(prepared.environment),
                cwd=ROOT,
                start_new_session=True,
            )
        self._register.add(leftovers.SUPERVISOR, self._supervisord.pid)
        self._in_background(self._listen(log))
        self._control = control
        await self._wait_for("The supervisor", lambda: self._call(lambda control: control.supervisor.getState()))
        if self._plan.verbose:
            logs = [(one.name, self._places.logs / f"{one.name}.log") for one in prepared.programs]
            self._in_background(self._follow(Follower(self._screen, logs)))

    async def _start_programs(self, prepared: Prepared) -> None:
        databases = [one for one in prepared.programs if one.name in DATABASE_PROGRAMS]
        for program in databases:
            await self._start(program)
        for program in databases:
            await self._wait_for(program.name, lambda p=program: self._answers(p, prepared))  # type: ignore[misc]
        if self._plan.before:
            await self._run_before(prepared.environment)
        # The sandbox first, since it takes longest to be of use; the API last, since it shows the others.
        for program in sorted(prepared.programs, key=lambda one: one.stop_rank):
            if program not in databases:
                await self._start(program)

    async def _start(self, program: supervisor.Program) -> None:
        try:
            await self._call(lambda control: control.supervisor.startProcess(program.address, False))
        except xmlrpc.client.Fault as fault:
            raise StartFailed(
                f"{program.name} can't be started: {fault.faultString}. Its command is {shlex.join(program.words)}."
            ) from None

    async def _answers(self, program: supervisor.Program, prepared: Prepared) -> bool:
        pid = self._pids.get(program.name)
        if program.name in self._given_up:
            raise StartFailed(f"{program.name} does not start. The end of its log:\n{self._end_of_log(program.name)}")
        return pid is not None and await asyncio.to_thread(prepared.ready[program.name], pid)

    async def _run_before(self, environment: Mapping[str, str]) -> None:
        words = self._plan.before
        log = self._places.logs / "before.log"
        with log.open("wb") as stream:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable if words[0] == "python" else words[0], *words[1:]),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=stream,
                stderr=STDOUT,
                env=dict(environment),
                cwd=ROOT,
                start_new_session=True,
            )
        self._register.add("before", process.pid)
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        if status != 0:
            raise StartFailed(
                f"`{shlex.join(words)}` failed (exit status {status}), so nothing else was started. The end "
                f"of its output:\n{end_of(log, 20)}"
            )

    async def _announce(self, processes: list[procfile.Process], address: addresses.Address, began_at: float) -> None:
        publish_address(self._places, address.url)
        say = self._screen.say
        if any(process.name == "api" for process in processes):
            url = f"{address.url}/readyz"
            document = await self._answer(url, READY_SECONDS, lambda answer: answer.get("status") != "unready")
            if document is None:
                say(
                    f"The page does not answer after {READY_SECONDS:.0f} s; it may still come, at "
                    f"{address.url}. The end of the api's log:\n{self._end_of_log('api')}"
                )
            else:
                seconds = time.monotonic() - began_at
                say(f"\n  {self._screen.strong(address.url)}   (after {seconds:.1f} s)\n")
                document = await self._answer(url, SETTLING_SECONDS, self._is_settled) or document
                for line in readiness.describe(document):
                    say(f"  {line}")
        if self._admin_key is not None:
            say(f"  Sign in: with the admin's key, `{self._admin_key.name}` in {_shown(self._admin_key.parent)}.")
        say(f"  Data:    {_shown(self._places.home)}, logs in {_shown(self._places.logs)}. Ctrl-C stops everything.\n")

    async def _answer(
        self, url: str, patience: float, is_enough: Callable[[Mapping[str, object]], bool]
    ) -> Mapping[str, object] | None:
        """The first answer that is enough, or the last one when `patience` (seconds) is at its end."""
        document: Mapping[str, object] | None = None
        give_up_at = time.monotonic() + patience
        while time.monotonic() < give_up_at:
            answer = await asyncio.to_thread(readiness.ask, url)
            if answer is not None:
                document = answer
                if await asyncio.to_thread(is_enough, answer):
                    break
            await asyncio.sleep(LOOK_SECONDS)
        return document

    def _is_settled(self, answer: Mapping[str, object]) -> bool:
        return readiness.is_settled(answer) and not self._sandbox_is_behind(answer)

    def _sandbox_is_behind(self, answer: Mapping[str, object]) -> bool:
        if not self._sandbox_url or not readiness.is_behind(answer, None):
            return False
        return readiness.is_behind(answer, readiness.ask(f"{self._sandbox_url}/healthz"))

    # --- running and stopping ---------------------------------------------------------------------

    async def _until_supervisor_ends(self) -> int:
        assert self._supervisord is not None
        status = await self._supervisord.wait()
        how = f"killed by {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        self._screen.say(f"The supervisor died ({how}), so everything is stopped. Start again with `make run`.")
        return 1

    async def _stop(self) -> None:
        self._narrator.stopping = True
        began_at = time.monotonic()
        process = self._supervisord
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurried_end(process), STOP_SECONDS)
        # Nothing is left unless supervisord itself was killed or hung.
        await asyncio.to_thread(leftovers.end, self._register.load())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._register.clear()
        seconds = time.monotonic() - began_at
        self._screen.say(f"Stopped after {seconds:.1f} s. The data stays in {_shown(self._places.home)}.")

    async def _hurried_end(self, process: Process) -> None:
        """Wait for supervisord to end. It looks around once a second, or when somebody knocks at its socket."""
        ended = asyncio.ensure_future(process.wait())
        while not (await asyncio.wait({ended}, timeout=LOOK_SECONDS))[0]:
            with socket.socket(socket.AF_UNIX) as knock, contextlib.suppress(OSError):
                knock.setblocking(False)
                knock.connect(str(self._control))

    async def _listen(self, log: Path) -> None:
        """Hear what supervisord logs, for as long as the launcher lives."""
        rest = b""
        with log.open("rb") as stream:
            while True:
                *lines, rest = (rest + stream.read()).split(b"\n")
                for line in lines:
                    happening = parse(line.decode(errors="replace"))
                    if happening is not None:
                        self._note(happening)
                        self._narrator.hear(happening)
                await asyncio.sleep(LOOK_SECONDS)

    def _note(self, happening: Happening) -> None:
        if happening.kind is Kind.STARTED and happening.pid is not None:
            self._pids[happening.name] = happening.pid
            self._given_up.discard(happening.name)
            self._register.add(happening.name, happening.pid)
        elif happening.kind is Kind.GIVEN_UP:
            self._given_up.add(happening.name)
            self._in_background(self._try_again_later(happening.name))

    async def _try_again_later(self, name: str) -> None:
        await asyncio.sleep(RETRY_SECONDS)
        address = supervisor.Program(name, ()).address
        with contextlib.suppress(xmlrpc.client.Fault, OSError):
            await self._call(lambda control: control.supervisor.startProcess(address, False))

    async def _follow(self, follower: Follower) -> None:
        while True:
            follower.look()
            await asyncio.sleep(0.2)

    async def _wait_for(self, what: str, is_there: Callable[[], Awaitable[object]]) -> None:
        give_up_at = time.monotonic() + START_TIMEOUT
        while True:
            with contextlib.suppress(OSError, xmlrpc.client.Error):
                if await is_there():
                    return
            if self._supervisord is not None and self._supervisord.returncode is not None:
                raise StartFailed(
                    "The supervisor does not start. The end of its log:\n" + self._end_of_log("supervisord")
                )
            if time.monotonic() > give_up_at:
                raise StartFailed(
                    f"{what} was not ready after {START_TIMEOUT:.0f} s. The end of its log:\n{self._end_of_log(what)}"
                )
            await asyncio.sleep(LOOK_SECONDS)

    async def _call(self, request: Callable[[xmlrpc.client.ServerProxy], object]) -> object:
        """One request to supervisord, whose answers are immediate.

        On a connection of its own: supervisord's transport is of no use any more after one that failed.
        """
        transport = SupervisorTransport(None, None, f"unix://{self._control}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://supervisor", transport=transport)
            return await asyncio.to_thread(request, proxy)
        finally:
            transport.close()

    def _in_background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _end_of_log(self, name: str) -> str:
        return end_of(self._places.logs / f"{name}.log")


def _shown(folder: Path) -> str:
    """A folder as the person at the terminal would write it."""
    try:
        return f"{folder.relative_to(Path.cwd())}/"
    except ValueError:
        return f"{folder}/"
