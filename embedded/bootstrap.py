"""Stage 0: from a bare Python to the project's virtual environments, then on into them. Standard library
only, and it must at least *parse* under old Pythons, so that a wrong one gets a sentence and not a traceback.
An environment counts as built when its stamp names the very lock it was built from; without network or
change, this takes milliseconds.

    python3 -m embedded.bootstrap --need service --need sandbox -- -m embedded
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded.errors import DiskFull, EmbeddedError, FolderNotWritable, InstallFailed, WrongPython

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
STAMP = "installed.json"


class Lock:
    """A file of pinned packages, the environment it belongs to, and the locks it contains."""

    def __init__(self, name: str, environment: str, size: int, contains: Sequence[str] = ()) -> None:
        self.name = name
        self.file = ROOT / "requirements" / (name + ".txt")
        self.environment = environment
        self.size = size  # bytes of disk that installing it takes, generously
        self.contains = tuple(contains)

    def digest(self) -> str:
        """What the stamp records: a lock with another digest has to be installed again."""
        return hashlib.sha256(self.file.read_bytes()).hexdigest()

    def packages(self) -> int:
        """How many packages are pinned."""
        return len(re.findall(r"^[A-Za-z0-9][\w.\[\],-]*==", self.file.read_text(), re.MULTILINE))


LOCKS = {
    lock.name: lock
    for lock in (
        Lock("service", ".venv", 500_000_000),
        Lock("dev", ".venv", 700_000_000, contains=["service"]),
        Lock("sandbox", ".venv-sandbox", 1_100_000_000),
        Lock("node", ".venv-node", 250_000_000),
    )
}


OLDEST_NODE = (20, 19)


def fit_node() -> Path | None:
    """The machine's own Node, where it is new enough to build the page and has its npm; else None."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    try:
        said = subprocess.run([node, "--version"], stdout=subprocess.PIPE, text=True, timeout=10).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    numbers = re.match(r"v(\d+)\.(\d+)", said)
    return Path(node) if numbers and tuple(int(part) for part in numbers.groups()) >= OLDEST_NODE else None


def check_python() -> None:
    """Raises WrongPython where this interpreter can't build and run the environments."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise WrongPython(
            f"Python 3.11 or newer is needed and {sys.executable} is Python {found}. Install a newer one and "
            "name it: `make run PYTHON=/path/to/python3.12`."
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        raise WrongPython(
            f"{sys.executable} can't make virtual environments because its venv module is missing. Install "
            "it (Debian, Ubuntu: `apt install python3-venv`) or name another Python: `make run "
            "PYTHON=/path/to/python3`."
        ) from None


class Environment:
    """A virtual environment below the project's root and the record of what was installed in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"

    def stamps(self) -> dict[str, str]:
        """Digest of each lock that was installed, by its name; empty where the environment does not work."""
        try:
            recorded = json.loads((self.folder / STAMP).read_text())
        except (OSError, ValueError):
            return {}
        # Debian upgrades and removed interpreters leave environments behind whose python is a dangling link.
        return recorded if isinstance(recorded, dict) and self.python.exists() else {}

    def has(self, lock: Lock) -> bool:
        """Whether exactly this lock is installed."""
        return self.stamps().get(lock.name) == lock.digest()

    def unstamp(self) -> None:
        """Forget what is installed, before something is changed: an interrupted install must be redone."""
        with contextlib.suppress(FileNotFoundError):
            (self.folder / STAMP).unlink()

    def stamp(self, lock: Lock) -> None:
        """Record that the lock, and what it contains, is installed now."""
        names = (lock.name, *lock.contains)
        unfinished = self.folder / (STAMP + ".new")
        unfinished.write_text(json.dumps({name: LOCKS[name].digest() for name in names}))
        unfinished.replace(self.folder / STAMP)

    def usable(self) -> bool:
        """Whether there is an interpreter that starts and is new enough."""
        if not self.python.exists():
            return False
        probe = f"import sys; sys.exit(sys.version_info < {tuple(OLDEST_PYTHON)!r})"
        try:
            return subprocess.run([str(self.python), "-c", probe], env=clean_environment()).returncode == 0
        except OSError:
            return False


def clean_environment() -> dict[str, str]:
    """Our environment without the variables that would make Python or pip work somewhere else."""
    dropped = {
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_ROOT",
        "PIP_REQUIREMENT",
        "VIRTUAL_ENV",
    }
    environment = {name: value for name, value in os.environ.items() if name not in dropped}
    environment.update(PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1")
    return environment


class Installation(threading.Thread):
    """One lock on its way into its environment, in a thread of its own so that two can download at once."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(name="install " + lock.name, daemon=True)
        self.lock = lock
        self.environment = Environment(ROOT / lock.environment)
        self.seen = 0
        self.latest = ""
        self.error: BaseException | None = None
        self.started_at = time.monotonic()
        self.seconds = 0.0
        self._child: subprocess.Popen[str] | None = None
        self._stopped = False
        self._lines: collections.deque[str] = collections.deque(maxlen=400)

    def run(self) -> None:
        try:
            self._install()
        except BaseException as error:  # handed to the main thread, which raises it
            self.error = error
        self.seconds = time.monotonic() - self.started_at

    def stop(self) -> None:
        """End whatever program is at work; the environment stays unstamped."""
        self._stopped = True
        child = self._child
        if child is not None and child.poll() is None:
            child.terminate()
        self.join(10)

    def progress(self) -> str:
        """Where it stands, in a few words."""
        count = self.lock.packages()
        if self.seen >= count:
            return f"{self.lock.name}: unpacking"
        return f"{self.lock.name}: {self.seen} of {count} {self.latest}".rstrip()

    def _install(self) -> None:
        environment = self.environment
        uv = shutil.which("uv")
        if environment.folder.exists() and not environment.usable():
            shutil.rmtree(environment.folder)
        environment.unstamp()
        if uv is not None and self._with_uv(uv):
            environment.stamp(self.lock)
            return
        self._with_pip()
        environment.stamp(self.lock)

    def _with_uv(self, uv: str) -> bool:
        """Try the fast path. False leaves everything to pip: uv may know other indexes than pip does."""
        folder, lock = self.environment.folder, self.lock
        if not folder.exists() and self._call([uv, "venv", "--quiet", "--python", sys.executable, str(folder)]):
            return False
        install = [uv, "pip", "install", "--no-deps", "--require-hashes", "--compile-bytecode"]
        return self._call([*install, "--python", str(self.environment.python), "-r", str(lock.file)]) == 0

    def _with_pip(self) -> None:
        python = str(self.environment.python)
        if not self.environment.usable():
            shutil.rmtree(self.environment.folder, ignore_errors=True)
            self._must([sys.executable, "-m", "venv", str(self.environment.folder)])
        elif self._call([python, "-m", "pip", "--version"]) != 0:
            self._must([python, "-m", "ensurepip"])
        self._lines.clear()
        # The lock names every package, so nothing is left to resolve; the hashes guard what is downloaded.
        install = [python, "-m", "pip", "install", "--no-deps", "--require-hashes", "--progress-bar", "off"]
        self._must([*install, "-r", str(self.lock.file)])

    def _must(self, command: Sequence[str]) -> None:
        status = self._call(command)
        if status != 0 and not self._stopped:
            raise explain_failure(self.lock.name, list(self._lines))

    def _call(self, command: Sequence[str]) -> int:
        if self._stopped:
            return 1
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=clean_environment(),
            umask=0o022,  # the sandbox runs user code under other uids, which have to read the packages
        )
        self._child = child
        if child.stdout is not None:
            for line in child.stdout:
                self._lines.append(line.rstrip())
                collecting = re.match(
                    r"\s*(?:Collecting|Requirement already satisfied:) ([\w.-]+?)==|Processing (?=\S)", line
                )
                if collecting:
                    self.seen += 1
                    self.latest = collecting[1] or ""
                elif line.startswith("Installing collected"):
                    self.seen = self.lock.packages()
        return child.wait()


NO_NETWORK = re.compile(
    r"name resolution|name or service not known|failed to establish a new connection|network is unreachable"
    r"|connection refused|connection reset|no route to host|read timed out|connecttimeout"
    r"|max retries exceeded|proxyerror|sslerror|certificate verify failed|dns error|from versions: none",
    re.IGNORECASE,
)
NO_COMPILER = re.compile(
    r"command '?\S*(gcc|cc|clang|make)\S*'? failed|no such file or directory: '\S*(gcc|cc|clang|make)'"
    r"|unable to find a compiler|no acceptable c compiler|(gcc|cc|clang|make): (command )?not found",
    re.IGNORECASE,
)


def explain_failure(lock: str, output: Sequence[str]) -> EmbeddedError:
    """The error that fits what pip said, with its last lines."""
    text = "\n".join(output)
    last = "\n".join("    " + line for line in [line for line in output if line.strip()][-12:])
    said = "\nThe last lines of the installer:\n" + last if last else ""
    if "No space left on device" in text or "Disk quota exceeded" in text:
        return DiskFull(f"The disk is full: the {lock} packages did not fit. Make room and start again.{said}")
    if "DO NOT MATCH THE HASHES" in text:
        return InstallFailed(
            f"A downloaded package is not the one that requirements/{lock}.txt names (its hash differs), so "
            f"nothing of it was installed. Check the package index that pip is set to.{said}"
        )
    if NO_COMPILER.search(text):
        return InstallFailed(
            f"One of the {lock} packages has no ready build for this machine, and there is no C compiler to "
            "make one. Install one (Debian, Ubuntu: `apt install build-essential python3-dev`; macOS: "
            f"`xcode-select --install`) and start again.{said}"
        )
    if NO_NETWORK.search(text):
        return InstallFailed(
            f"The {lock} packages could not be downloaded because the package index can't be reached. Check "
            f"the network (behind a proxy: HTTPS_PROXY; with a mirror: PIP_INDEX_URL) and start again.{said}"
        )
    return InstallFailed(f"The {lock} packages could not be installed.{said}")


def check_room(locks: Sequence[Lock]) -> None:
    """Raises DiskFull, or FolderNotWritable, before the first download instead of in the middle."""
    if not os.access(str(ROOT), os.W_OK):
        raise FolderNotWritable(
            f"The packages have to be installed in {ROOT}, which you can't write to. Clone the project into "
            "a folder of your own, or have its owner run `make run` once."
        )
    for lock in locks:
        folder = ROOT / lock.environment
        if folder.exists() and not os.access(str(folder), os.W_OK):
            raise FolderNotWritable(
                f"{folder} belongs to another user and its packages are not those of {lock.file.name}. Have "
                "that user start once, or use a clone of your own."
            )
    new = sum(lock.size for lock in locks if not (ROOT / lock.environment).exists())
    free = shutil.disk_usage(str(ROOT)).free
    if free < new:
        raise DiskFull(
            f"The packages need about {new / 1e9:.1f} GB and only {free / 1e9:.1f} GB are free below {ROOT}. "
            "Make room and start again."
        )


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Hold the project's folder against a second installation; waits for its end and says so."""
    descriptor = os.open(str(ROOT), os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Another `make` is installing packages here; waiting for it …")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def install(needed: Sequence[Lock]) -> None:
    """Bring the environments to the locks that are needed, all at a time, and show how it goes.

    No two of the locks may belong to the same environment. Raises an EmbeddedError that says why it could not
    be done.
    """
    with alone():
        missing = [lock for lock in needed if not Environment(ROOT / lock.environment).has(lock)]
        if not missing:
            return
        check_python()
        check_room(missing)
        for lock in missing:
            say(f"Installing {lock.packages()} {lock.name} packages into {lock.environment} …")
        running = [Installation(lock) for lock in missing]
        try:
            _watch(running)
        except BaseException:
            for installation in running:
                installation.stop()
            raise


def _watch(running: list[Installation]) -> None:
    for installation in running:
        installation.start()
    started_at = time.monotonic()
    live = sys.stdout.isatty()
    next_line_at = started_at + (0 if live else 15)
    while running:
        for installation in [one for one in running if not one.is_alive()]:
            running.remove(installation)
            if live:
                print("\r\033[K", end="")
            if installation.error is not None:
                raise installation.error
            say(f"Installed the {installation.lock.name} packages ({installation.seconds:.0f} s).")
        now = time.monotonic()
        if running and now >= next_line_at:
            state = "  {}  ({:.0f} s)".format(" · ".join(one.progress() for one in running), now - started_at)
            print(
                "\r\033[K" + state[: shutil.get_terminal_size().columns - 1] if live else state,
                end="" if live else "\n",
            )
            sys.stdout.flush()
            next_line_at = now + (0.2 if live else 15)
        time.sleep(0.1)


def enter(words: Sequence[str]) -> None:
    """Become the service environment's Python with these arguments; does not return."""
    environment = dict(os.environ)
    environment.pop("PYTHONHOME", None)
    python = ROOT / LOCKS["service"].environment / "bin" / "python"
    sys.stdout.flush()
    os.execve(str(python), [str(python), *words], environment)  # noqa: S606


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Install what is needed and go on with the words after `--`."""
    parser = argparse.ArgumentParser(prog="python3 -m embedded.bootstrap", description="Build the environments.")
    parser.add_argument("--need", action="append", choices=sorted(LOCKS), default=[], help="a lock to install")
    parser.add_argument("then", nargs="*", help="arguments for the environment's Python, after --")
    chosen = parser.parse_args(arguments)
    for name in ("SIGTERM", "SIGHUP"):
        signal.signal(getattr(signal, name), _interrupt)
    try:
        install([LOCKS[name] for name in chosen.need if name != "node" or fit_node() is None])
        for name in ("SIGTERM", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if chosen.then:
            enter(chosen.then)
    except KeyboardInterrupt:
        print("\nStopped. What was half installed is finished on the next start.", file=sys.stderr)
        return 130
    except EmbeddedError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        hint = " Make room and start again." if full else ""
        print(f"\nThe environments can't be built: {error}.{hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
