"""What the zygote of the tests forks is a process of its own, however many there are."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.services import REPOSITORY, Program

NOBODY_THERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/none"}


def test_each_has_an_environment_a_log_and_an_end_of_its_own(tmp_path: Path) -> None:
    unable = Program("unable", tmp_path / "unable", ["-m", "migrations"], NOBODY_THERE)
    wrong = Program("wrong", tmp_path / "wrong", ["-m", "migrations", "--downwards"], {})
    for program in (unable, wrong):
        program.start()
    assert unable.wait() == wrong.wait() == 2
    assert "Postgres can't be reached" in unable.log.read_text()
    assert "unrecognized arguments: --downwards" in wrong.log.read_text()
    assert not unable.running


def test_it_leads_a_session_and_is_ended_by_signals(tmp_path: Path) -> None:
    idle = Program("idle", tmp_path / "idle", ["-m", "workers", "--pool", "plugins"], {})
    idle.start()
    assert os.getsid(idle.pid) == idle.pid
    idle.pause()
    assert idle.running
    idle.resume()
    idle.send(signal.SIGKILL)
    idle.send(signal.SIGKILL)  # there until it was waited for, as any child is
    assert idle.wait() == -signal.SIGKILL
    idle.start()
    idle.stop()


def test_another_python_is_really_started(tmp_path: Path) -> None:
    program = Program("other", tmp_path / "log", ["-m", "migrations", "--help"], {"PYTHONPROFILEIMPORTTIME": "1"})
    program.start()
    assert program.wait() == 0
    assert "import time:" in program.log.read_text()


def test_another_path_has_a_zygote_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("print('from outside', flush=True)")
    settings = {**NOBODY_THERE, "ACI_AGENTS": "outside:SPEC"}
    for path in (f"{REPOSITORY}:{tmp_path}", str(REPOSITORY)):
        program = Program(
            "other", tmp_path / "log", ["-m", "core.operating", "doctor"], {**settings, "PYTHONPATH": path}
        )
        program.start()
        assert program.wait() == 1
    said = program.log.read_text()
    assert said.count("from outside") == 1
    assert said.count("No module named 'outside'") == 1
