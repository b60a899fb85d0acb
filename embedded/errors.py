"""What can go wrong between `make run` and the address line, each as a class whose text is one sentence or
two: what happened, what it means, what to do. The launcher prints that text and no traceback. Standard
library only, and no new syntax: stage 0 imports this module under whatever Python the machine has.
"""

from __future__ import annotations


class EmbeddedError(Exception):
    """The base of all errors whose text is written for the person at the terminal."""


class WrongPython(EmbeddedError):
    """The interpreter is too old (or too new for the pinned packages), or lacks the modules to build an
    environment.
    """


class InstallFailed(EmbeddedError):
    """pip or uv could not install a lock."""


class FolderNotWritable(EmbeddedError):
    """A folder that has to hold data, logs or an environment can't be written."""


class DiskFull(EmbeddedError):
    """There is too little room left for what has to be written."""


class PortTaken(EmbeddedError):
    """Another program listens where the page should be."""


class OpenToAll(EmbeddedError):
    """The page would be where others can reach it, and would ask nobody who they are."""


class AlreadyRunning(EmbeddedError):
    """The same data folder is in use by another `make run`."""


class NoAccount(EmbeddedError):
    """Postgres refuses root and uids without an account, and no way around that is open here."""


class NoPostgres(EmbeddedError):
    """There are no Postgres programs for this machine."""


class WrongPostgresData(EmbeddedError):
    """The data folder was written by another major version of Postgres."""


class NoRedis(EmbeddedError):
    """There is no Redis server for this machine."""


class StartFailed(EmbeddedError):
    """A program was started and ended, or did not become ready in time."""
