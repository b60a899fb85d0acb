"""`Idempotency-Key` on requests that create: the answer of the first time is given again, and says so."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header
from pydantic import StringConstraints

from api.parameters import Parameter
from core.idempotency import Answer

HEADER = "Idempotency-Key"
HELP = "A name of your own for this request: sent again within 24 hours, it creates nothing more"
REPLAYED_HEADER = "Idempotency-Replayed"

_Name = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x20-\x7e]+$")]

IdempotencyKey = Annotated[_Name | None, Header(description=HELP)]
IDEMPOTENCY_KEY: Parameter[str | None] = Parameter("header", HEADER, _Name, None, HELP)
"""The same, for a route that reads its parameters by itself."""


def replayed_headers(answer: Answer) -> dict[str, str]:
    """What an answer says of itself when it is given again."""
    return {REPLAYED_HEADER: "true"} if answer.replayed else {}
