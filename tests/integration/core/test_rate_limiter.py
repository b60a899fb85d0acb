"""Requests a minute: counted together over a real Redis, alone while it is frozen or away, and never waited for."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
import pytest_asyncio
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.channels import EVENTS
from core.limits import gcra, rate
from core.limits.gcra import MINUTE_US, SCRIPT, spacing_us
from core.limits.model import Policy
from core.limits.rate import Decision, RateLimiter
from core.settings import Settings
from embedded.redis import RedisServer, running_redis


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    """One that these tests may freeze and empty."""
    with running_redis() as started:
        yield started


@pytest.fixture
def connection(server: RedisServer) -> Iterator[redis.Redis]:
    with contextlib.closing(redis.Redis.from_url(server.url, decode_responses=True)) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def limiter(server: RedisServer) -> AsyncIterator[Callable[[], RateLimiter]]:
    """Makes limiters, each in place of an API process."""
    made: list[RateLimiter] = []

    def make() -> RateLimiter:
        made.append(RateLimiter(Settings(REDIS_URL=server.url)))  # type: ignore[call-arg]
        return made[-1]

    yield make
    server.resume()
    if not server.running:
        server.start()
    for one in made:
        await one.aclose()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine's Redis is not away."""
    monkeypatch.setattr(rate, "PATIENCE_S", 10.0)


def bucket(quota: int, name: str = "tenant") -> Policy:
    return Policy(name, f"test:{secrets.token_hex(8)}", quota)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  (another process comes back)
            await asyncio.sleep(0.01)


async def together(take: Callable[[], Awaitable[Decision]], times: int) -> int:
    """How many of so many requests at once were admitted."""
    return sum(one.admitted for one in await asyncio.gather(*(take() for _ in range(times))))


async def warm(limiter: RateLimiter) -> None:
    """Until its connection stands: a slow machine may need longer for that than a request would wait."""
    while True:
        await limiter.take([bucket(60)])
        if not limiter.alone:
            return
        await until(lambda: not limiter.alone)


@given(
    st.lists(st.tuples(st.integers(0, 2 * MINUTE_US), st.integers(1, 1_000_000)), min_size=1, max_size=2),
)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_redis_and_we_do_the_same_sum(connection: redis.Redis, buckets: list[tuple[int, int]]) -> None:
    keys = [f"test:{secrets.token_hex(8)}" for _ in buckets]
    arguments = [part for debt, quota in buckets for part in (quota, spacing_us(quota), debt)]
    admitted, _, *debts = connection.eval(SCRIPT, len(keys), *keys, *arguments, EVENTS)
    assert (bool(admitted), debts) == gcra.take([debt for debt, _ in buckets], [quota for _, quota in buckets])


async def test_retry_after_is_true_by_the_clock_of_redis(
    limiter: Callable[[], RateLimiter], connection: redis.Redis
) -> None:
    """The clock is moved by moving what is stored, which is a time of that clock."""
    one, policy = limiter(), bucket(7)
    await warm(one)
    while (decision := await one.take([policy])).admitted:
        pass
    full_at = int(connection.get(policy.bucket))
    fresh = limiter()  # knows nothing of the bucket but what Redis says
    await warm(fresh)
    connection.set(policy.bucket, full_at - decision.wait_us)
    assert (await fresh.take([policy])).admitted
    assert not (await fresh.take([policy])).admitted
    seconds, microseconds = connection.time()
    now = seconds * 1_000_000 + microseconds
    # Nothing is kept for longer than it means something.
    assert 0 < connection.pttl(policy.bucket) <= (int(connection.get(policy.bucket)) - now) / 1000 + 2000


async def test_a_limit_is_one_for_all_processes(limiter: Callable[[], RateLimiter]) -> None:
    first, second, policy = limiter(), limiter(), bucket(4)  # so few that none comes free while a busy machine is slow
    await warm(first)
    await warm(second)
    for _ in range(2):
        assert (await first.take([policy])).admitted
        assert (await second.take([policy])).admitted
    for one in (first, second):
        decision = await one.take([policy])
        assert not decision.admitted
        assert 0 < decision.wait_us <= spacing_us(4)


async def test_a_key_is_held_tighter_than_its_tenant_and_costs_it_nothing_when_refused(
    limiter: Callable[[], RateLimiter],
) -> None:
    one, tenant, key, other = limiter(), bucket(6), bucket(2, "key"), bucket(10, "key")
    await warm(one)
    assert [(await one.take([tenant, key])).admitted for _ in range(4)] == [True, True, False, False]
    assert [(await one.take([tenant, other])).admitted for _ in range(5)] == [True] * 4 + [False]


async def test_while_redis_is_frozen_nobody_waits_and_the_limit_goes_on(
    limiter: Callable[[], RateLimiter], server: RedisServer
) -> None:
    one, policy = limiter(), bucket(10)
    await warm(one)
    for _ in range(4):
        await one.take([policy])
    server.pause()
    # What was taken before is known: a frozen Redis gives nobody a full bucket.
    assert [(await one.take([policy])).admitted for _ in range(8)] == [True] * 6 + [False] * 2
    assert one.alone
    server.resume()
    await until(lambda: not one.alone)
    assert not (await one.take([policy])).admitted


async def test_only_the_first_requests_wait_for_a_frozen_redis_and_only_as_long_as_may_be(
    limiter: Callable[[], RateLimiter], server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = limiter()
    await warm(one)
    waited: list[float] = []
    real = asyncio.timeout

    def timeout(delay: float | None) -> asyncio.Timeout:
        waited.append(delay or 0)
        return real(delay)

    monkeypatch.setattr(rate.asyncio, "timeout", timeout)
    server.pause()
    await one.take([bucket(10)])
    assert waited == [rate.PATIENCE_S]
    monkeypatch.setattr(rate, "PATIENCE_S", None)  # whoever asked now would wait for good
    assert (await one.take([bucket(10)])).admitted


async def test_processes_that_count_alone_take_a_share_each(
    limiter: Callable[[], RateLimiter], server: RedisServer, connection: redis.Redis
) -> None:
    """How many there are is told by who listens for events, as every API process does."""
    with contextlib.ExitStack() as listening:
        for _ in range(3):
            listener = listening.enter_context(connection.pubsub())
            listener.subscribe(EVENTS)
            listener.get_message(timeout=5)
        one = limiter()
        await warm(one)
        assert one.processes == 3
        server.pause()
        policy = bucket(10)
        assert await together(lambda: one.take([policy]), 12) == 4
        server.resume()


async def test_a_redis_that_comes_back_empty_has_not_forgotten_what_a_process_knows(
    limiter: Callable[[], RateLimiter], server: RedisServer
) -> None:
    one, other, policy = limiter(), limiter(), bucket(10)
    await warm(one)
    await warm(other)
    for _ in range(9):
        await one.take([policy])
    server.kill()
    assert (await one.take([policy])).admitted
    assert not (await one.take([policy])).admitted
    server.start()
    await until(lambda: not one.alone)
    assert not (await one.take([policy])).admitted
    # By that question the others know it too.
    with contextlib.suppress(TimeoutError):
        await warm(other)
    assert not (await other.take([policy])).admitted


async def test_many_at_once_get_no_more_than_the_limit(limiter: Callable[[], RateLimiter]) -> None:
    one, policy = limiter(), bucket(25)
    await warm(one)
    assert await together(lambda: one.take([policy]), 60) == 25
