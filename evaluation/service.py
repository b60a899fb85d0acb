"""A service of its own for an evaluation: the programs of `make run`, on free ports, with the models that are set."""

from __future__ import annotations

import contextlib
import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from os import environ
from pathlib import Path

import httpx

from embedded.ports import free_port
from embedded.postgres import running_postgres
from embedded.redis import running_redis

ROOT = Path(__file__).parent.parent
PATIENCE_S = 90


@contextlib.contextmanager
def running() -> Iterator[str]:
    """The address of the API, inside the block. Raises RuntimeError when it does not become ready."""
    with contextlib.ExitStack() as stack:
        postgres = stack.enter_context(running_postgres())
        redis = stack.enter_context(running_redis())
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aci-eval-")))
        port, sandbox_port = free_port(), free_port()
        credentials = logs / "sandbox.json"
        credentials.touch(mode=0o600)
        credentials.write_text(json.dumps({"access_key_id": "AKIDEVAL", "secret_access_key": secrets.token_hex(16)}))
        env = {
            **environ,
            "DATABASE_URL": postgres.url,
            "REDIS_URL": redis.url,
            "ACI_AUTH": "none",
            "ACI_PORT": str(port),
            "ACI_SANDBOX_ENDPOINT": f"http://127.0.0.1:{sandbox_port}",
            "ACI_SANDBOX_CREDENTIALS_FILE": str(credentials),
            "SANDBOX_PORT": str(sandbox_port),
            "SANDBOX_CREDENTIALS_FILE": str(credentials),
            "SANDBOX_PYTHON": str(ROOT / ".venv-sandbox/bin/python"),
        }
        subprocess.run([sys.executable, "-m", "migrations"], cwd=ROOT, env=env, check=True, capture_output=True)
        for number, words in enumerate(
            (
                ("sandbox",),
                ("workers.dispatcher",),
                ("workers", "--pool", "generate"),
                ("workers", "--pool", "execute"),
                ("api",),
            )
        ):
            log = stack.enter_context((logs / f"{number}.log").open("wb"))
            process = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env=env, stdout=log, stderr=log)
            stack.callback(_ended, process)
        url = f"http://127.0.0.1:{port}"
        if not _ready(url):
            tails = "\n".join(path.read_text(errors="replace")[-1500:] for path in sorted(logs.glob("*.log")))
            raise RuntimeError(f"the service did not become ready:\n{tails}")
        yield url


def _ready(url: str) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError, ValueError):
            parts = httpx.get(f"{url}/readyz", timeout=5).json()["parts"]
            # A model that is not well is what an evaluation is to show, but somebody has to ask it; what else a service
            # may wait for is not used here.
            well = all(parts[name]["status"] == "ok" for name in ("postgres", "redis", "sandbox"))
            if well and "no generator" not in parts["model"]["detail"]:
                return True
        time.sleep(0.2)
    return False


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
