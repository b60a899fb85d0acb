"""Where attacks are made: a server of each kind that this machine offers, and a neighbour who must notice nothing.

`make attack` sets ATTACK=long: then every attack is made on every kind of server, and those that take long too.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import Any

from sandbox_server import SECRET, Server, Session, living, poll_until, require_confinement

LONG = os.environ.get("ATTACK") == "long"
ORDINARY_USER = 54321

AS_ROOT, AS_ROOT_WITHOUT_CGROUPS, AS_USER = "root", "root-without-cgroups", "user"
KINDS: tuple[str, ...] = (AS_ROOT, AS_USER)
if LONG:
    KINDS = (AS_ROOT, AS_ROOT_WITHOUT_CGROUPS, AS_USER)
if os.geteuid() != 0:
    KINDS = (AS_USER,)

# `attempt` gives what a call gives or the name of its errno; `system` does that for a raw system call.
PRELUDE = """
import ctypes, errno, os, socket, struct, sys, time
_c = ctypes.CDLL(None, use_errno=True)
def attempt(thing):
    try:
        return thing()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
def system(number, *arguments):
    ctypes.set_errno(0)
    arguments = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = _c.syscall(ctypes.c_long(number), *arguments)
    return errno.errorcode[ctypes.get_errno()] if result == -1 else f'answered {result}'
"""


@dataclass
class Ground:
    """A server and the neighbour's session in it."""

    kind: str
    server: Server
    client: Any
    neighbour: Session
    token: str

    @classmethod
    def open(cls, kind: str, **settings: str) -> Ground:
        """Start the server. What comes of it is stopped by `ground.server.stop()`."""
        if kind == AS_ROOT_WITHOUT_CGROUPS:
            settings["SANDBOX_USE_CGROUPS"] = "false"
        server = Server.start(user=ORDINARY_USER if kind == AS_USER and os.geteuid() == 0 else None, **settings)
        try:
            require_confinement(server)
            client = server.client(read_timeout=120)
            neighbour = Session.start(client, sessionTimeoutSeconds=28800)
            token = secrets.token_hex(16)
            neighbour.run(f"token = {token!r}; open('token', 'w').write(token)")
        except BaseException:
            server.stop()
            raise
        return cls(kind, server, client, neighbour, token)

    @property
    def tier(self) -> str:
        return str(self.server.health()["tier"])

    def attacker(self) -> Session:
        """A session in which the prelude was run."""
        session = Session.start(self.client)
        session.run(PRELUDE)
        return session

    def check(self, attacker: Session) -> None:
        """The attacker's session can be stopped; the neighbour has everything; a new session works; nothing is left."""
        attacker.stop()
        assert attacker.status() == "TERMINATED"
        assert self.neighbour.out("print(token); open('token').read() == token") == f"{self.token}\nTrue"
        fresh = Session.start(self.client)
        assert fresh.out("6 * 7") == "42"
        fresh.stop()
        assert self.server.process.poll() is None
        # The zygote, and two processes each of the neighbour and of the sessions kept ready.
        poll_until(lambda: len(living(self.server)) <= 1 + 2 + 2 * 2)


def told_backwards() -> str:
    """The server's secret as code can carry it without holding it."""
    return SECRET[::-1]
