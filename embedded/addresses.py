"""Where things listen: the page's port is the user's and must be free, all others move out of the way by
themselves.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from embedded.errors import OpenToAll, PortTaken

HOST = "127.0.0.1"
API_PORT = 8000
SANDBOX_PORT = 8970


@dataclass(frozen=True)
class Address:
    """Where the API listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Where to point a browser on this machine."""
        host = {"0.0.0.0": HOST, "::": "::1", "": HOST}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def port_from(environment: Mapping[str, str], name: str, default: int) -> int:
    """The port that a variable names. Raises PortTaken for something that is no port."""
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PortTaken(
            f"{name} is {text!r}, which is no port. Use a number from 1 to 65535, such as {name}={default}."
        )
    return int(text)


def api_address(environment: Mapping[str, str]) -> Address:
    """Where the environment wants the API. Raises PortTaken, and OpenToAll where strangers could use it."""
    host = environment.get("ACI_HOST") or HOST
    if not asks(environment) and not is_loopback(host):
        raise OpenToAll(
            f"Others can reach {host}, and nobody would be asked who they are. Set ACI_AUTH=keys besides: "
            f"`ACI_AUTH=keys ACI_HOST={host} make run`. Or leave ACI_HOST out for {HOST}."
        )
    return Address(host, port_from(environment, "ACI_PORT", API_PORT))


def asks(environment: Mapping[str, str]) -> bool:
    """Whether the API will want to know who is there."""
    return environment.get("ACI_AUTH") == "keys"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_free(address: Address) -> None:
    """Raises PortTaken when the API could not listen there."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise PortTaken(_why_not(address, error)) from None


def _why_not(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        other = address.port + 1 if address.port < 65535 else 8000
        return (
            f"Port {address.port} is taken by another program. Stop that one, or choose another port: "
            f"`ACI_PORT={other} make run`."
        )
    if error.errno == errno.EACCES:
        return (
            f"Port {address.port} may not be opened by this user (ports below 1024 are root's). Choose "
            "another: `ACI_PORT=8000 make run`."
        )
    return (
        f"Nothing can listen on {address.host} here ({error.strerror}). Set ACI_HOST to an address of this "
        f"machine, or leave it out for {HOST}."
    )
