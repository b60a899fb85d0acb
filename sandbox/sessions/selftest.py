"""Finds out what this machine's confinement is worth, by making a session and trying what it must not be able to do.

Nothing is taken for granted from what the kernel seems to offer. A probe that succeeds inside means that no code runs
here; so does a memory hog that lives on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import socket
import tempfile
from dataclasses import replace
from typing import Final, Protocol

from sandbox.confinement.limits import MEGABYTE, Limits
from sandbox.sessions.run import Limit, RunEnd
from sandbox.sessions.session import Session

_PROBE_SECONDS: Final = 10.0
_HOG_MEMORY: Final = 128 * MEGABYTE

_PROBES: Final = """
import ctypes, json, os, signal, socket, time
host_file, port, secret, processes = {host_file!r}, {port}, {secret!r}, {processes}
leaks = []
def try_to(name, attempt):
    try:
        if attempt():
            leaks.append(name)
    except Exception:
        pass
def status(field):
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith(field + ":"))
def seen(path):
    return secret.encode() in open(path, "rb").read()
def fork_past_the_limit():
    children = []
    try:
        for _ in range(processes + 8):
            child = os.fork()
            if child == 0:
                time.sleep(60)
                os._exit(0)
            children.append(child)
        return True
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
try_to("it started more processes than it may", fork_past_the_limit)
try_to("it read a file of the host", lambda: seen(host_file))
try_to("it read a file of the host through /proc", lambda: seen("/proc/1/root" + host_file))
try_to("it read the host's password hashes", lambda: open("/etc/shadow").read())
try_to("it wrote to the root folder", lambda: open("/usr/probe", "w"))
try_to("it sees an environment", lambda: open("/proc/self/environ").read() or open("/proc/1/environ").read())
try_to("it sees processes of the host", lambda: [p for p in os.listdir("/proc") if p.isdigit() and int(p) > 100])
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try_to("it reached the network", lambda: socket.create_connection((host, port), 2) or True)
try_to("it opened a netlink socket", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
libc = ctypes.CDLL(None)
try_to("it made a user namespace", lambda: libc.unshare(0x10000000) == 0)
try_to("it made a memory file", lambda: os.memfd_create("probe") >= 0)
try_to("it traces processes", lambda: libc.ptrace(0, 0, 0, 0) == 0)
try_to("it became root", lambda: os.setuid(0) or True)
for field, wanted in (("CapEff", 0), ("CapPrm", 0), ("CapBnd", 0), ("NoNewPrivs", 1), ("Seccomp", 2)):
    if int(status(field), 16) != wanted:
        leaks.append(f"{{field}} is {{status(field)}}")
print(json.dumps(leaks))
"""

# Each child stays under the rlimit of one process; only a sum over all of them can notice.
_HOG: Final = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        hoard = bytearray(80 << 20)
        for place in range(0, len(hoard), 4096):
            hoard[place] = 1
        time.sleep(60)
time.sleep(60)
"""


class NotConfined(RuntimeError):
    """A probe got through, or the session could not be tried; the message says which."""


class Maker(Protocol):
    """What makes a session with these limits for the test."""

    def __call__(self, limits: Limits) -> contextlib.AbstractAsyncContextManager[Session]: ...


async def check_probes(make: Maker, limits: Limits) -> None:
    """Run the probes. Raises NotConfined."""
    secret = secrets.token_hex(16)
    with tempfile.NamedTemporaryFile("w", prefix="sandbox-probe-") as canary, socket.create_server(("", 0)) as server:
        canary.write(secret)
        canary.flush()
        os.fchmod(canary.fileno(), 0o644)
        code = _PROBES.format(
            host_file=canary.name, port=server.getsockname()[1], secret=secret, processes=limits.processes
        )
        async with make(limits) as session:
            end, printed = await _run(session, code)
    try:
        leaks = json.loads(printed)
    except ValueError:
        raise NotConfined(f"the probes did not run ({end.sentence or printed[-300:]})") from None
    if leaks:
        raise NotConfined(f"code inside a session is not confined: {'; '.join(leaks)}")


async def check_memory(make: Maker, limits: Limits) -> None:
    """Use more memory than is allowed, over several processes. Raises NotConfined if that goes on unhindered."""
    async with make(replace(limits, memory_bytes=_HOG_MEMORY)) as session:
        end, _ = await _run(session, _HOG)
    if end.limit is not Limit.MEMORY:
        raise NotConfined(f"a session's memory is not bounded (a hog ended with: {end.limit})")


async def _run(session: Session, code: str) -> tuple[RunEnd, str]:
    run = session.begin({"code": code}, _PROBE_SECONDS)
    await asyncio.wait_for(run.ended.wait(), _PROBE_SECONDS * 2)
    assert run.end is not None
    return run.end, "".join(text for stream, text in run.output.take() if stream == "stdout")
