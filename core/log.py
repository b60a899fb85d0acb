"""Logging, the same for every process: one line a record, on standard error, without request bodies or code.

What a tenant typed or what its code printed never goes into a log: those live in Postgres, behind its tenant.
"""

from __future__ import annotations

import logging
import sys

LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def configure_logging(level: str) -> None:
    """Set up the root logger once; libraries that talk too much are held at WARNING."""
    logging.basicConfig(level=level.upper(), format=LINE, stream=sys.stderr, force=True)
    for chatty in ("botocore", "urllib3", "strands", "httpx", "celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
