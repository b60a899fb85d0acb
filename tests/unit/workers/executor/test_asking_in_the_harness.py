"""Past the given answers, `input()` asks whoever the sandbox says is there."""

from __future__ import annotations

import builtins
import getpass

import pytest

from workers.executor.harness.asking import Asker


def somebody(prompt: str = "") -> str:
    if prompt == "who? ":
        raise EOFError("nobody")
    return f"<{prompt}>"


somebody.asks_live = True  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtins, "input", somebody)
    monkeypatch.setattr(getpass, "getpass", somebody)


def test_given_answers_come_first_then_somebody_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    asker = Asker(["given"], live=True)
    assert [asker.input("one? "), asker.input(), asker.input("two? ")] == ["given", "<>", "<two? >"]
    assert asker.getpass() == "<Password: >"
    assert capsys.readouterr().out == "one? given\n"


def test_where_nobody_answers_the_error_names_the_prompt() -> None:
    with pytest.raises(EOFError, match=r"asks for input \('who\?'\), and nobody answered") as raised:
        Asker([], live=True).input("who? ")
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("why", ["nobody waits for the job", "the sandbox has nobody to ask"])
def test_nobody_is_asked(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live = why != "nobody waits for the job"
    if live:
        monkeypatch.setattr(builtins, "input", lambda prompt="": "not live")
    with pytest.raises(EOFError, match=r"'one\?'.*add another to `inputs`"):
        Asker([], live=live).input("one? ")
