"""The arithmetic of requests a minute, without a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.limits.gcra import MINUTE_US, Standing, spacing_us, take
from core.limits.model import Policy
from core.limits.rate import MOST_BUCKETS, Decision, OwnBuckets

QUOTAS = st.integers(1, 1_000_000)


@given(st.integers(1, 3000))
def test_a_full_bucket_holds_its_quota_and_not_one_more(quota: int) -> None:
    debts, taken = [0], 0
    while True:
        admitted, debts = take(debts, [quota])
        if not admitted:
            break
        taken += 1
        assert Standing.of(debts[0], quota).remaining == quota - taken
    assert taken == quota


@given(st.integers(0, 2 * MINUTE_US), QUOTAS)
def test_whoever_waits_as_long_as_told_gets_through_and_not_sooner(debt: int, quota: int) -> None:
    admitted, debts = take([debt], [quota])
    if admitted:
        return
    wait = Decision.of(admitted, debts, [quota]).wait_us
    assert wait > 0
    assert take([max(debts[0] - wait, 0)], [quota])[0]
    assert not take([debts[0] - wait + 1], [quota])[0]


@given(st.integers(0, MINUTE_US), QUOTAS)
def test_one_more_comes_when_it_is_said_to(debt: int, quota: int) -> None:
    standing = Standing.of(debt, quota)
    assert 0 <= standing.remaining <= quota
    if standing.next_us:
        assert Standing.of(debt - standing.next_us, quota).remaining == standing.remaining + 1
        assert Standing.of(debt - standing.next_us + 1, quota).remaining == standing.remaining
    else:
        assert standing.remaining == quota


@given(st.lists(st.tuples(st.integers(0, MINUTE_US), st.integers(1, 100)), min_size=2, max_size=3))
def test_a_request_is_counted_by_all_its_buckets_or_by_none(buckets: list[tuple[int, int]]) -> None:
    debts, quotas = [debt for debt, _ in buckets], [quota for _, quota in buckets]
    before = [min(debt, quota * spacing_us(quota)) for debt, quota in buckets]
    admitted, after = take(debts, quotas)
    change = [new - old for new, old in zip(after, before, strict=True)]
    assert change == ([spacing_us(quota) for quota in quotas] if admitted else [0] * len(quotas))
    alone = [take([debt], [quota])[0] for debt, quota in buckets]
    assert admitted == all(alone)


def test_a_clock_that_was_set_back_makes_nobody_wait_longer_than_for_one_request() -> None:
    admitted, debts = take([10**15], [60])
    assert not admitted
    assert Decision.of(admitted, debts, [60]).wait_us == spacing_us(60)


class Clock:
    def __init__(self) -> None:
        self.now = 5

    def __call__(self) -> int:
        return self.now


def test_what_a_process_knows_of_a_bucket_fades_with_time_and_is_never_less_than_it_was_told() -> None:
    clock = Clock()
    own = OwnBuckets(clock)
    bucket = [Policy("tenant", "t", 60)]
    assert own.debts_us(bucket) == [0]
    own.learn(bucket, [5_000_000])
    own.learn(bucket, [4_000_000])  # an answer that was overtaken by a later one
    assert own.debts_us(bucket) == [5_000_000]
    clock.now += 2_000_000
    assert own.debts_us(bucket) == [3_000_000]
    clock.now += 4_000_000
    assert own.debts_us(bucket) == [0]


def test_buckets_that_nobody_asked_for_long_are_forgotten() -> None:
    own = OwnBuckets(Clock())
    for number in range(MOST_BUCKETS + 1):
        own.learn([Policy("tenant", str(number), 1)], [1000])
    assert own.debts_us([Policy("tenant", "0", 1), Policy("tenant", "1", 1)]) == [0, 1000]
