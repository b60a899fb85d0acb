"""The program: `python -m sandbox`. Settings come from the environment; `--help` lists them, `--check` tries them.

It refuses to start without credentials, and listens even where it can't confine code, to say so.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import socket
import sys
from dataclasses import asdict
from types import FrameType
from typing import Final

import uvicorn
from pydantic import ValidationError

from sandbox.http.app import make_app
from sandbox.http.security import Doorkeeper, HostRule
from sandbox.sessions.supervisor import Supervisor
from sandbox.settings import MissingCredentials, Settings, describe_settings
from sandbox.wire.sigv4 import Verifier

_TICK_SECONDS: Final = 1.0


def main() -> int:
    """Run until SIGTERM or SIGINT; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A self-hosted code interpreter that speaks AWS Bedrock AgentCore's wire protocol.",
        epilog="settings (environment variables):\n" + describe_settings().replace("%", "%%"),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--check", action="store_true", help="say how well this machine confines code, and end")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        settings = Settings()
        if arguments.check:
            return asyncio.run(_check(settings))
        key, secret = settings.credentials()
    except (MissingCredentials, ValidationError) as error:
        print(error, file=sys.stderr)
        return 2
    hosts = HostRule.of(settings.host, settings.allowed_hosts)
    doorkeeper = Doorkeeper(Verifier(key, secret), hosts, settings.max_request_mb << 20)
    supervisor = Supervisor(settings)
    app = make_app(supervisor, doorkeeper, hosts)
    # uvicorn raises the signal again once it has shut down; an end that was asked for is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    # uvicorn's own loop policy is left alone: the reader callbacks need nothing that asyncio's loop lacks.
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="asyncio",
        ws="none",
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,
        server_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        Server(config, supervisor).run()
    return 0


class Server(uvicorn.Server):
    """Ends the sessions before it waits for their responses, so that no response is cut off and none is waited for."""

    def __init__(self, config: uvicorn.Config, supervisor: Supervisor) -> None:
        super().__init__(config)
        self._supervisor = supervisor
        self._asked_to_end = asyncio.Event()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """uvicorn's own, which is then told at once."""
        super().handle_exit(sig, frame)
        asyncio.get_running_loop().call_soon_threadsafe(self._asked_to_end.set)

    async def main_loop(self) -> None:
        """Until a signal comes. uvicorn's own loop looks for that ten times a second; here only the time of day, which
        answers carry, is looked at, once a second.
        """
        while not await self.on_tick(0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked_to_end.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """uvicorn's own shutdown, after the sessions' end."""
        await self._supervisor.end_sessions()
        await super().shutdown(sockets)


async def _check(settings: Settings) -> int:
    supervisor = Supervisor(settings)
    await supervisor.start()
    await supervisor.close()
    print(json.dumps(asdict(supervisor.verdict)))
    return 0 if supervisor.verdict.tier else 1


if __name__ == "__main__":
    sys.exit(main())
