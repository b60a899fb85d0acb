"""`python -m api`: serve the HTTP API. Start as many as there are requests for, behind one address."""

from __future__ import annotations

import argparse
import ipaddress
import sys

import uvicorn

from api.access.key import UnusableKey
from api.app import create_app
from core.log import configure_logging
from core.settings import Settings

STREAMS_END_S = 5
"""How long open streams may take to end at a shutdown."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to the address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> int:
    argparse.ArgumentParser(prog="python -m api", description=__doc__).parse_args()
    settings = Settings.load()
    configure_logging(settings.log_level)
    if settings.key_file is None and not is_loopback(settings.host):
        print(
            f"Without a key the API listens on loopback addresses only, and {settings.host} is not one. "
            "Set ACI_KEY_FILE to a file with a key of 32 characters or more, or ACI_HOST=127.0.0.1.",
            file=sys.stderr,
        )
        return 2
    try:
        app = create_app(settings)
    except UnusableKey as error:
        print(f"ACI_KEY_FILE can't be used: {error}.", file=sys.stderr)
        return 2
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nothing here asks where a client sits
        timeout_graceful_shutdown=STREAMS_END_S,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
