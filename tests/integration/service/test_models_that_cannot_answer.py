"""A chain that cannot answer is told everywhere, once and with what to do; and no traceback is seen by anybody."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from services import Client, Service

from embedded.children import pause_between_looks

SAID = "Set ANTHROPIC_API_KEY and restart the workers"


@pytest.fixture
def keyless(service: Service) -> Iterator[Service]:
    """In the place of the generator one whose model needs a key that nobody gave."""
    service.stop("generate")
    service.run_worker("keyless", "generate", ACI_MODELS="anthropic:claude-x", ANTHROPIC_API_KEY="")
    yield service
    service.stop("keyless")
    service.run_worker("generate", "generate")
    service.wait_until_ready()


async def test_a_missing_key_is_told_in_every_place(keyless: Service, client: Client) -> None:
    job = await client.submit("generate", {"prompt": "print one"})
    ended = await client.ended(job["id"])
    assert (ended["state"], ended["error"]["type"]) == ("failed", "model-unavailable")
    assert SAID in ended["error"]["detail"]
    assert ended["error"]["tried"][0]["model"] == "anthropic:claude-x"

    while SAID not in (part := keyless.readiness()["parts"]["model"])["detail"]:
        pause_between_looks()  # a worker's word on itself takes a moment
    assert part["status"] == "away"
    told = (await client.http.get("/v1/models")).json()["models"]
    [model] = [one for one in told if one["model"] == "anthropic:claude-x"]
    assert model["state"] == "open"
    assert model["last_error"]["advice"] == SAID
    log = keyless.programs["keyless"].log.read_text()
    assert log.count(SAID) == 1
    assert "Traceback" not in log
