"""The arithmetic of requests a minute: the generic cell rate algorithm (ITU-T I.371), which is a bucket kept as one
number.

A bucket's *debt* is how long it takes, in microseconds, until it is full again. Each request adds one spacing to it,
time takes it away, and a request that would make it longer than the bucket's minute is refused. Both the script that
Redis runs and `take`, which counts where Redis can't be asked, do this same sum; a test holds them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MINUTE_US = 60_000_000


def spacing_us(quota: int) -> int:
    """Microseconds between requests at an even pace. Whole ones, so that a bucket holds `quota` of them exactly."""
    return MINUTE_US // quota


@dataclass(frozen=True, slots=True)
class Standing:
    """One bucket after a request."""

    remaining: int
    """Requests that it would take now."""
    next_us: int
    """Until it takes one more than that; 0 when it is full."""

    @classmethod
    def of(cls, debt_us: int, quota: int) -> Standing:
        """What a debt means."""
        spacing = spacing_us(quota)
        remaining = max(quota - -(-debt_us // spacing), 0)
        return cls(remaining, max(debt_us - (quota - remaining - 1) * spacing, 0) if debt_us else 0)


def take(debts_us: Sequence[int], quotas: Sequence[int]) -> tuple[bool, list[int]]:
    """Ask one request of all buckets: it is admitted by all or counted by none. Returns whether, and the new debts.

    A debt is taken for a full minute at the most: nothing that requests did makes a longer one, a clock that was set
    back does.
    """
    spacings = [spacing_us(quota) for quota in quotas]
    debts = [min(debt, quota * spacing) for debt, quota, spacing in zip(debts_us, quotas, spacings, strict=True)]
    admitted = all(
        debt + spacing <= quota * spacing for debt, quota, spacing in zip(debts, quotas, spacings, strict=True)
    )
    return admitted, [debt + spacing for debt, spacing in zip(debts, spacings, strict=True)] if admitted else debts


SCRIPT = """
-- KEYS: the buckets. ARGV: for each its quota, its spacing, and the debt that the caller knows of; then the channel
-- that every API process listens on.
-- A bucket holds the time, by this server's clock, at which it is full again.
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local debts, spacings = {}, {}
local admitted = 1
for i, bucket in ipairs(KEYS) do
    local quota, known = tonumber(ARGV[3 * i - 2]), tonumber(ARGV[3 * i])
    spacings[i] = tonumber(ARGV[3 * i - 1])
    local full_at = tonumber(redis.call('GET', bucket) or '0')
    debts[i] = math.min(math.max(full_at - now, known, 0), quota * spacings[i])
    if debts[i] + spacings[i] > quota * spacings[i] then
        admitted = 0
    end
end
local answer = {admitted, redis.call('PUBSUB', 'NUMSUB', ARGV[#ARGV])[2]}
for i, bucket in ipairs(KEYS) do
    local debt = debts[i] + admitted * spacings[i]
    if debt > 0 then
        redis.call('SET', bucket, string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
    end
    answer[i + 2] = debt
end
return answer
"""
