"""What this machine can do about confinement, as found out at the start and published by `/healthz`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Verdict:
    """Tier A: namespaces, system call filter, cgroup. Tier B: a watchdog in place of the cgroup. None: refusing."""

    tier: Literal["A", "B"] | None
    reason: str | None = None
    remedy: str | None = None
    processors: Literal["shared", "nice"] = "nice"
    """`shared`: a cgroup holds each session to its cores and its part. `nice`: sessions come after everything else, but
    one with many busy processes takes from its neighbours.
    """

    @property
    def status(self) -> Literal["ok", "refusing"]:
        """`refusing` means that every start of a session is answered with an error."""
        return "refusing" if self.tier is None else "ok"


_USER_NAMESPACES = (
    "Run the server as root, or allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1,"
    " kernel.apparmor_restrict_unprivileged_userns=0, user.max_user_namespaces above 0; in a container also a seccomp"
    " profile that allows clone, unshare, mount, umount2, pivot_root and mount_setattr, apparmor=unconfined and"
    " systempaths=unconfined. Where none of that is possible, use AWS's own code interpreter."
)
_INTERPRETER = "Set SANDBOX_PYTHON to the interpreter of an environment that has IPython installed."


def refusal(reason: str) -> Verdict:
    """A verdict for a machine that can't, with the remedy that fits the reason."""
    about_interpreter = any(word in reason for word in ("interpreter", "ModuleNotFound", "ImportError"))
    return Verdict(None, reason, _INTERPRETER if about_interpreter else _USER_NAMESPACES)
