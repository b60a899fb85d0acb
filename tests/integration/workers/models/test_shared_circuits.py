"""What one process finds of a model, the others know; and without Redis each goes by what it found itself."""

from __future__ import annotations

import pytest
import redis

from core.settings import Settings
from workers.models.circuits import FIRST_S, Circuits
from workers.models.faults import Kind, fault
from workers.models.shared_circuits import KEY, SharedCircuits

A = "bedrock:a"


class Process:
    """The circuits of one process; each of its clocks stands still."""

    def __init__(self, settings):
        self.circuits = Circuits(clock=lambda: 1000.0)
        self.shared = SharedCircuits(settings, self.circuits)

    async def looks(self):
        self.shared._looked = -100.0
        self.shared.look([A])
        await self.shared.settled()

    def state(self):
        return self.circuits.view(A)["state"]


@pytest.fixture
def settings(redis_server):
    with redis.from_url(redis_server.url) as client:
        client.delete(KEY + A)
    return Settings(redis_url=redis_server.url)


async def test_a_circuit_that_opened_in_one_process_is_open_in_the_other(settings):
    one, other = Process(settings), Process(settings)
    one.circuits.failed(A, fault(Kind.DENIED, "AccessDeniedException"))
    await one.shared.settled()
    assert other.state() == "closed"
    await other.looks()
    assert other.state() == "open"
    assert other.circuits.view(A)["last_error"]["reason"] == "access to it is denied (AccessDeniedException)"


async def test_one_that_closed_again_closes_in_the_other(settings):
    one, other = Process(settings), Process(settings)
    one.circuits.failed(A, fault(Kind.DENIED))
    await one.shared.settled()
    await other.looks()
    one.circuits.succeeded(A)
    await one.shared.settled()
    await other.looks()
    assert other.state() == "closed"


async def test_others_are_asked_at_most_once_a_second(settings, monkeypatch):
    one = Process(settings)
    looks = []
    monkeypatch.setattr(one.shared, "_begin", lambda work: (looks.append(1), work.close()))
    for _ in range(10):
        one.shared.look([A])
    assert looks == [1]


async def test_without_redis_each_goes_by_what_it_found():
    one = Process(Settings(redis_url="redis://127.0.0.1:9"))
    one.circuits.failed(A, fault(Kind.DENIED))
    await one.looks()
    assert one.state() == "open"


@pytest.mark.parametrize("written", [b"", b"no json", b"[]", b'{"kind": "of another version", "reason": "x"}'])
async def test_what_cannot_be_read_says_nothing(settings, written):
    one = Process(settings)
    await one.shared._redis().set(KEY + A, written, px=int(FIRST_S * 1000))
    await one.looks()
    assert one.state() == "closed"
