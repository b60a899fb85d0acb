"""The header fields that tell clients where they stand (draft-ietf-httpapi-ratelimit-headers-11, RFC 9651)."""

from __future__ import annotations

from collections.abc import Sequence

from core.limits.gcra import Standing
from core.limits.model import Policy

Header = tuple[bytes, bytes]

WINDOW_S = 60


def seconds(microseconds: int) -> int:
    """Whole seconds, never fewer than it takes."""
    return -(-microseconds // 1_000_000)


def rate_limit_fields(policies: Sequence[Policy], standings: Sequence[Standing]) -> list[Header]:
    """`RateLimit-Policy: "key";q=60;w=60` and `RateLimit: "key";r=59;t=1`, with a member for each policy.

    `r` is how many requests would be taken now, `t` after how many seconds it is one more.
    """
    said = ", ".join(f'"{policy.name}";q={policy.quota};w={WINDOW_S}' for policy in policies)
    now = ", ".join(
        f'"{policy.name}";r={standing.remaining};t={seconds(standing.next_us)}'
        for policy, standing in zip(policies, standings, strict=True)
    )
    return [(b"ratelimit-policy", said.encode()), (b"ratelimit", now.encode())]
