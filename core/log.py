"""Logging, the same for every process: one line a record, on standard error, without request bodies or code.

What a tenant typed or what its code printed never goes into a log: those live in Postgres, behind its tenant.
"""

from __future__ import annotations

import logging
import sys

CHATTY = ("botocore", "urllib3", "strands", "httpx", "celery.worker.strategy", "celery.app.trace")
TELLING = ("websockets", "sse_starlette", "python_multipart", "httpcore", "hpack", "asyncpg", "redis", "kombu", "amqp")
"""At DEBUG these write down what they carry: headers with keys, the bytes of streams and uploads, addresses."""

LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def configure_logging(level: str) -> None:
    """Set up the root logger once; libraries that talk too much are held at WARNING."""
    logging.basicConfig(level=level.upper(), format=LINE, stream=sys.stderr, force=True)
    for name in (*CHATTY, *TELLING):
        logging.getLogger(name).setLevel(logging.WARNING)
