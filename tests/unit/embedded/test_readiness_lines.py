"""The lines under the address."""

from embedded.readiness import describe, is_behind, is_settled

READY = {
    "status": "ready",
    "parts": {
        "postgres": {"status": "ok"},
        "redis": {"status": "ok"},
        "model": {"status": "ok", "detail": "demo model (no AWS credentials found)"},
        "sandbox": {"status": "ok", "tier": "A", "detail": "namespaces, seccomp, cgroup"},
    },
}


def test_says_which_model_and_which_sandbox() -> None:
    assert describe(READY) == [
        "Model:   demo model (no AWS credentials found)",
        "Sandbox: tier A, namespaces, seccomp, cgroup",
    ]


def test_says_the_tier_once() -> None:
    own = {"status": "ok", "tier": "B", "detail": "our own sandbox, tier B"}
    lines = describe({"status": "ready", "parts": {**READY["parts"], "sandbox": own}})  # type: ignore[dict-item]
    assert lines[1] == "Sandbox: our own sandbox, tier B"


def test_names_the_part_that_is_not_well() -> None:
    refusing = {"status": "refusing", "detail": "user namespaces are forbidden here"}
    lines = describe({"status": "degraded", "parts": {**READY["parts"], "sandbox": refusing}})  # type: ignore[dict-item]
    assert lines[1] == "Sandbox: user namespaces are forbidden here"
    assert lines[2] == "Not well: sandbox is refusing (user namespaces are forbidden here)."


def test_survives_a_document_of_another_shape() -> None:
    assert describe({"status": "ready"})
    assert describe({"parts": {"model": "x", "sandbox": None}})


def test_waits_for_parts_that_are_still_coming_and_for_no_others() -> None:
    assert is_settled(READY)
    assert is_settled({"status": "degraded", "parts": {"sandbox": {"status": "degraded"}}})
    assert not is_settled({"status": "degraded", "parts": {"model": {"status": "away"}}})
    assert not is_settled({"status": "unready", "parts": {"postgres": {"status": "away"}}})
    assert not is_settled({})


def test_waits_for_news_of_a_sandbox_that_is_still_warming_up() -> None:
    unheard = {"status": "degraded", "parts": {"sandbox": {"status": "degraded", "detail": "no answer yet"}}}
    assert is_behind(unheard, None)
    assert is_behind(unheard, {"status": "ok", "tier": "A"})
    refusing = {"status": "refusing", "reason": "no user namespaces"}
    assert is_behind(unheard, refusing)
    heard = {"status": "degraded", "parts": {"sandbox": {"status": "degraded", "detail": "no user namespaces"}}}
    assert not is_behind(heard, refusing)
    assert not is_behind(READY, None)
