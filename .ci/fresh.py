"""Tries `make run` as a stranger would: clones the project into a new home, starts it in a terminal, waits for the
page, presses Ctrl-C, looks for processes that are left, and starts it again. As root it does so once as root and once
as a new ordinary user. Needs Linux and the network of the package index.

    python3 .ci/fresh.py
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 600.0  # seconds for one start
PASSED_ON = re.compile(r"^(PIP_\w+|\w+_proxy|\w+_PROXY|SSL_CERT_\w+|REQUESTS_CA_BUNDLE)$")
READY = re.compile(r"(http://127\.0\.0\.1:\d+)")
CTRL_C = b"\x03"


class Failed(Exception):
    """Something that a stranger would have stumbled over."""


class Stranger:
    """A user with an empty home and a plain PATH."""

    def __init__(self, name: str, home: Path) -> None:
        self.account = pwd.getpwnam(name)
        self.clone = home / "clone"
        self.environment = {
            "HOME": str(home),
            "USER": name,
            "PATH": "/usr/bin:/bin",  # no Python of pyenv's, and nothing that somebody put into /usr/local
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "ACI_PORT": str(free_port()),
            **{name: value for name, value in os.environ.items() if PASSED_ON.match(name)},
        }

    def options(self) -> dict[str, object]:
        """What makes subprocess run a program as this user."""
        if self.account.pw_uid == os.geteuid():
            return {"env": self.environment}
        return {
            "env": self.environment,
            "user": self.account.pw_uid,
            "group": self.account.pw_gid,
            "extra_groups": [],
        }

    def get_clone(self) -> None:
        """Clone what is committed."""
        # From a bundle, since git refuses to read the folder of another user.
        with tempfile.TemporaryDirectory() as folder:
            Path(folder).chmod(0o755)
            bundle = Path(folder) / "project.bundle"
            subprocess.run(["git", "-C", ROOT, "bundle", "create", "-q", bundle, "HEAD"], check=True)
            command = ["git", "-c", "advice.detachedHead=false", "clone", "--quiet", str(bundle), str(self.clone)]
            subprocess.run(command, check=True, cwd="/", **self.options())  # type: ignore[call-overload]

    def processes(self) -> list[str]:
        """The processes that have anything to do with the clone."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if str(self.clone) in words or str(self.clone) in str((entry / "cwd").readlink()):
                    found.append(f"{entry.name} {words[:100]}")
            except OSError:
                continue
        return found

    def start_and_stop(self) -> tuple[float, float, float, dict[str, object]]:
        """One `make run` up to its last line and down again.

        Returns the seconds until that line, until the address, and of the stop; and what /readyz said.
        """
        terminal, theirs = pty.openpty()
        began_at = time.monotonic()
        process = subprocess.Popen(  # type: ignore[call-overload]
            ["make", "run"],
            cwd=self.clone,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            **self.options(),
        )
        os.close(theirs)
        printed = b""
        paged: float | None = None
        try:
            while b"Ctrl-C stops everything" not in printed:
                left = began_at + PATIENCE - time.monotonic()
                more = read(terminal, left)
                if not more:
                    raise Failed(f"`make run` never came up. It printed:\n{printed.decode(errors='replace')}")
                printed += more
                if paged is None and READY.search(printed.decode(errors="replace")):
                    paged = time.monotonic() - began_at
            started = time.monotonic() - began_at
            address = READY.search(printed.decode(errors="replace"))
            if address is None or paged is None:
                raise Failed(f"`make run` printed no address:\n{printed.decode(errors='replace')}")
            ready = ask(f"{address[1]}/readyz")
            stopped_at = time.monotonic()
            os.write(terminal, CTRL_C)
            while more := read(terminal, PATIENCE):
                printed += more
            process.wait(PATIENCE)
            stopped = time.monotonic() - stopped_at
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait(60)
            os.close(terminal)
            print(re.sub(r"\r[^\n]*\x1b\[K|\x1b\[[\d;]*m", "", printed.decode(errors="replace")).replace("\r", ""))
        if left_over := self.processes():
            raise Failed("Ctrl-C left these processes:\n" + "\n".join(left_over))
        return started, paged, stopped, ready


def read(terminal: int, patience: float) -> bytes:
    """What is printed next; empty at the end, and when nothing comes in time."""
    if patience <= 0 or not select.select([terminal], [], [], patience)[0]:
        return b""
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: the last process closed its side
        return b""


def ask(url: str) -> dict[str, object]:
    """The JSON document at that address."""
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
            document = json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        document = json.loads(refusal.read())
    return dict(document)


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def attempt(name: str, home: Path) -> list[str]:
    """Try it as one user. Returns a row of the table."""
    stranger = Stranger(name, home)
    print(f"\n===== as {name} =====", flush=True)
    stranger.get_clone()
    first, _, _, _ = stranger.start_and_stop()
    second, paged, stopped, ready = stranger.start_and_stop()
    seconds = [f"{value:.1f} s" for value in (first, second, paged, stopped)]
    return [name, *seconds, str(ready.get("status"))]


def main() -> int:
    """Try it as every kind of user there is, and print the times."""
    rows = [["user", "first start", "second start", "page of that", "stop", "readyz"]]
    name = f"aci-fresh-{os.getpid()}"
    try:
        with tempfile.TemporaryDirectory(prefix="aci-fresh-", ignore_cleanup_errors=True) as folder:
            rows.append(attempt(pwd.getpwuid(os.geteuid()).pw_name, Path(folder)))
        if os.geteuid() == 0:
            subprocess.run(["/usr/sbin/useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
            try:
                rows.append(attempt(name, Path(pwd.getpwnam(name).pw_dir)))
            finally:
                home = Path(pwd.getpwnam(name).pw_dir)
                subprocess.run(["/usr/sbin/userdel", "--force", name], check=False)
                shutil.rmtree(home, ignore_errors=True)
    except Failed as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    print()
    for row in rows:
        print("  ".join(f"{cell:<16}" for cell in row).rstrip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
