"""`GET /v1/models`: a chain as all processes together see it."""

from __future__ import annotations

from api.agents.endpoints import ModelView, _over_processes


def said(state, at=None):
    error = {"kind": "denied", "reason": f"at {at}", "advice": None, "at": at} if at else None
    return {"models": [{"model": "bedrock:a", "state": state, "last_error": error}]}


def test_the_worst_off_process_tells_the_state():
    assert _over_processes("bedrock:a", [said("closed"), said("open"), said("half-open")])["state"] == "open"
    assert _over_processes("bedrock:a", [said("closed"), said("half-open")])["state"] == "half-open"


def test_the_newest_error_of_all_is_shown():
    found = _over_processes("bedrock:a", [said("open", "2026-01-01T00:00:01Z"), said("closed", "2026-01-01T00:00:02Z")])
    assert found["last_error"]["reason"] == "at 2026-01-01T00:00:02Z"


def test_a_worker_of_an_older_version_tells_nothing_of_circuits():
    assert _over_processes("bedrock:a", [{}]) == {"model": "bedrock:a", "state": "closed", "last_error": None}


def test_it_is_what_the_document_promises():
    models = [_over_processes("bedrock:a", [said("open", "2026-01-01T00:00:01Z")])]
    view = ModelView(model="bedrock:a", demo=False, detail="", chain=["bedrock:a"], models=models)
    assert view.models[0].last_error.kind == "denied"
