"""`GET /v1/models`: a chain as all processes together see it."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from unittest.mock import AsyncMock

from api.agents import endpoints
from api.agents.endpoints import ModelView, _over_processes, list_models
from core.ids import new_id
from core.workers.repository import Worker


def worker(*agents, chain=("bedrock:a",), state="closed", at=None, **info):
    error = {"kind": "denied", "reason": f"at {at}", "advice": None, "at": at} if at else None
    models = [{"model": name, "state": state, "last_error": error} for name in chain]
    said = {"model": chain[0], "demo": False, "detail": "", "chain": list(chain), "models": models}
    return Worker(new_id(), "p", list(agents), "h", 1, 4, {"model": said | info}, datetime.now(UTC))


def test_the_worst_off_process_tells_the_state():
    states = [worker("generate"), worker("generate", state="open"), worker("generate", state="half-open")]
    assert _over_processes("bedrock:a", states)["state"] == "open"
    assert _over_processes("bedrock:a", [states[0], states[2]])["state"] == "half-open"


def test_the_newest_error_of_all_is_shown():
    older, newer = "2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z"
    found = _over_processes("bedrock:a", [worker("generate", state="open", at=older), worker("generate", at=newer)])
    assert found["last_error"]["reason"] == f"at {newer}"


def test_a_worker_of_an_older_version_tells_nothing_of_circuits():
    assert _over_processes("bedrock:a", [worker("generate", models=[])]) == {
        "model": "bedrock:a",
        "asked_by": ["generate"],
        "state": "closed",
        "last_error": None,
    }


async def test_the_generators_chain_comes_first_and_what_others_ask_after_it(monkeypatch):
    alive = [worker("generate", chain=("bedrock:a", "bedrock:b")), worker("solve", chain=("bedrock:c", "bedrock:b"))]
    monkeypatch.setattr(endpoints.workers, "alive", AsyncMock(return_value=alive))
    view = ModelView(**await list_models(SimpleNamespace(pool=None)))
    assert (view.model, view.chain) == ("bedrock:a", ["bedrock:a", "bedrock:b"])
    assert [(model.model, model.asked_by) for model in view.models] == [
        ("bedrock:a", ["generate"]),
        ("bedrock:b", ["generate", "solve"]),
        ("bedrock:c", ["solve"]),
    ]


async def test_while_no_worker_tells_nobody_answers(monkeypatch):
    monkeypatch.setattr(endpoints.workers, "alive", AsyncMock(return_value=[]))
    assert ModelView(**await list_models(SimpleNamespace(pool=None))).model is None
