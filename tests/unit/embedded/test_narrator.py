"""What the person at the terminal is told when processes die."""

import pytest

from embedded.narrator import Happening, Kind, Narrator, parse

SPAWNED = "2026-11-22 11:17:59,121 INFO spawned: 'api' with pid 7807"
STEADY = "2026-11-22 11:18:01,126 INFO success: api entered RUNNING state, process has stayed up for > than 2 seconds"
KILLED = "2026-11-22 11:17:58,118 WARN exited: api (terminated by SIGKILL; not expected)"
FAILED = "2026-11-22 11:17:58,118 WARN exited: api (exit status 1; not expected)"
GIVEN_UP = "2026-11-22 11:17:58 INFO gave up: api entered FATAL state, too many start retries too quickly"


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        (SPAWNED, Happening(Kind.STARTED, "api", 7807)),
        (STEADY, Happening(Kind.STEADY, "api")),
        (KILLED, Happening(Kind.DIED, "api", how="killed by SIGKILL")),
        (FAILED, Happening(Kind.DIED, "api", how="exit status 1")),
        ("INFO exited: api (exit status 0; expected)", Happening(Kind.DIED, "api", how="ended by itself")),
        (GIVEN_UP, Happening(Kind.GIVEN_UP, "api")),
        ("WARN stopped: api (terminated by SIGTERM)", Happening(Kind.STOPPED, "api", how="killed by SIGTERM")),
        ("CRIT Server 'unix_http_server' running without any HTTP authentication checking", None),
        ("", None),
    ],
)
def test_understands_supervisords_log(line: str, meant: Happening | None) -> None:
    assert parse(line) == meant


def told(*lines: str) -> list[str]:
    said: list[str] = []
    narrator = Narrator(said.append, lambda name: f"    end of {name}.log", retry_seconds=30)
    for line in lines:
        happening = parse(line)
        assert happening is not None
        narrator.hear(happening)
    return said


def test_a_usual_start_is_silent() -> None:
    assert told(SPAWNED, STEADY) == []


def test_a_death_is_one_line_once_it_runs_again() -> None:
    assert told(SPAWNED, STEADY, KILLED, SPAWNED, STEADY) == ["api died (killed by SIGKILL); started again."]


def test_a_second_death_later_on_is_told_again() -> None:
    life = (SPAWNED, STEADY, KILLED)
    assert len(told(*life, *life, SPAWNED)) == 2


def test_one_that_keeps_dying_fills_no_screen_and_shows_its_log() -> None:
    said = told(SPAWNED, *[FAILED, SPAWNED] * 6, FAILED, GIVEN_UP)
    assert len(said) == 3
    assert said[0] == "api died (exit status 1); started again."
    assert "end of api.log" in said[1]
    assert "next try is in 30 s" in said[2]


def test_one_that_recovers_is_told() -> None:
    assert told(SPAWNED, *[FAILED, SPAWNED] * 3, STEADY)[-1] == "api runs again."


def test_ends_while_stopping_are_expected() -> None:
    said: list[str] = []
    narrator = Narrator(said.append, lambda name: "", retry_seconds=30, stopping=True)
    narrator.hear(Happening(Kind.DIED, "api", how="killed by SIGTERM"))
    assert said == []
