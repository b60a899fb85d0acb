"""Where attacks are made: a server of each kind that this machine offers, and a neighbour who must notice nothing.

`make attack` sets ATTACK=long: then every attack is made on every kind of server, each in a session of its own, and
those that take long too.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from sandbox_server import SECRET, Server, Session, living, poll_until, require_confinement

LONG = os.environ.get("ATTACK") == "long"
ORDINARY_USER = 54321

AS_ROOT, AS_ROOT_WITHOUT_CGROUPS, AS_USER = "root", "root-without-cgroups", "user"
KINDS: tuple[str, ...] = (AS_ROOT, AS_USER)
if LONG:
    KINDS = (AS_ROOT, AS_ROOT_WITHOUT_CGROUPS, AS_USER)
if os.geteuid() != 0:
    KINDS = (AS_USER,)
ONE_KIND = KINDS if LONG else KINDS[:1]
"""In the short form, the one that answers for all where the kind makes no difference."""
on_one_kind = pytest.mark.parametrize("ground", ONE_KIND, indirect=True)


def in_turns(names: Iterable[str]) -> list[tuple[str, str]]:
    """(kind, name), where the kind makes no difference: in the short form the kinds take turns, in the long one each
    gets all.
    """
    return list(itertools.product(KINDS, names) if LONG else zip(itertools.cycle(KINDS), names, strict=False))


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
    fresh: Session | None = None
    """A session that was made to see that one can be: the next attacker's."""

    @classmethod
    def open(cls, kind: str, **settings: str) -> Ground:
        """Start the server. What comes of it is stopped by `ground.server.stop()`."""
        settings = {
            "SANDBOX_PRELOAD": str(kind in ONE_KIND).lower(),
            "SANDBOX_MEMORY_MB": "512" if LONG else "256",
            **settings,
        }
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
        session, self.fresh = self.fresh or self._new(), None
        return session

    def _new(self) -> Session:
        session = Session.start(self.client)
        assert session.out(PRELUDE + "6 * 7") == "42"
        return session

    def check(self, attacker: Session) -> None:
        """The attacker's session can be stopped; the neighbour has everything; a new session works; nothing is left."""
        attacker.stop()
        assert attacker.status() == "TERMINATED"
        assert self.neighbour.out("print(token); open('token').read() == token") == f"{self.token}\nTrue"
        self.fresh = self._new()
        assert self.server.process.poll() is None
        # The zygote, and two processes each of the neighbour, of the new session and of those kept ready.
        poll_until(lambda: len(living(self.server)) <= 1 + 2 + 2 + 2 * 2)


def told_backwards() -> str:
    """The server's secret as code can carry it without holding it."""
    return SECRET[::-1]
