"""`make screenshots`: start the service on data of its own, walk through the page, and renew docs/screenshots/."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import browser
from services import Service

from embedded import page
from embedded.postgres import running_postgres
from embedded.redis import running_redis


def main() -> int:
    """The exit status of the page's own script."""
    chromium = browser.installed()
    if chromium is None:
        print(
            "There is no Chromium here. Install it, or name one: CHROMIUM=/path/to/it make screenshots", file=sys.stderr
        )
        return 1
    page.build()
    with running_postgres() as postgres, running_redis() as redis, tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), postgres.url, redis.url)
        try:
            service.start()
            return subprocess.run(
                [sys.executable, "-m", "embedded.page", "--", "run", "screenshots"],
                env={**os.environ, "ACI_URL": service.url, "CHROMIUM": chromium},
                check=False,
            ).returncode
        finally:
            service.shut_down()


if __name__ == "__main__":
    sys.exit(main())
