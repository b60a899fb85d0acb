"""What supervisord is told: who gets which environment, and who is stopped before whom."""

import configparser
import shlex
import sys
from pathlib import Path

import pytest

from embedded.errors import StartFailed
from embedded.places import Places
from embedded.procfile import parse
from embedded.supervisor import Program, configuration, program_for, sandbox_environment

PROCFILE = "api: python -m api\ndispatcher: d\nworker-a: w\nworker-b: w\nsandbox: python -m sandbox\nplugin: p\n"


def read_back(*programs: Program, home: Path = Path("/home/x/var")) -> configparser.RawConfigParser:
    # As supervisord reads it: comments begin in the line, and it expands % signs itself.
    parser = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)
    parser.read_string(
        configuration(programs, places=Places(home), socket=Path("/run/ctl"), root=Path("/src"), as_root=True)
    )
    return parser


def test_stops_the_api_first_and_the_databases_last() -> None:
    programs = [
        Program("postgres", ("p",)),
        Program("redis", ("r",)),
        *(program_for(one) for one in parse(PROCFILE)),
    ]
    read = read_back(*programs)
    ranks = {name: read.getint(name, "priority") for name in read.sections() if name.startswith("group:")}
    order = [name.removeprefix("group:") for name in sorted(ranks, key=lambda name: -ranks[name])]
    assert order == ["api", "plugin", "workers", "dispatcher", "sandbox", "redis", "postgres"]


def test_workers_are_stopped_together() -> None:
    read = read_back(*(program_for(one) for one in parse(PROCFILE)))
    assert read.get("group:workers", "programs") == "worker-a,worker-b"


def test_the_sandbox_gets_no_secret_but_its_own() -> None:
    given = {
        "PATH": "/usr/bin",
        "HOME": "/root",
        "DATABASE_URL": "postgresql://u:secret@h/d",
        "REDIS_URL": "redis://:secret@h",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "ANTHROPIC_API_KEY": "secret",
        "SANDBOX_TIER": "B",
    }
    got = sandbox_environment(given, {"SANDBOX_PORT": "8970"})
    assert "secret" not in " ".join(got.values())
    assert got["SANDBOX_TIER"] == "B"
    assert got["SANDBOX_PORT"] == "8970"
    assert set(got) == {"PATH", "LANG", "SANDBOX_TIER", "SANDBOX_PORT", "PYTHONUNBUFFERED"}


def test_a_bare_environment_replaces_the_inherited_one() -> None:
    program = program_for(parse("sandbox: python -m sandbox")[0], bare={"PATH": "/bin", "X": "a b"})
    command = read_back(program).get("program:sandbox", "command")
    assert shlex.split(command) == ["/usr/bin/env", "-i", "PATH=/bin", "X=a b", sys.executable, "-m", "sandbox"]


def test_percent_signs_survive_supervisords_expansion() -> None:
    command = read_back(Program("odd", ("date", "+%s"))).get("program:odd", "command")
    assert command % {} == "date +%s"


def test_a_folder_that_the_format_can_not_hold_is_a_sentence() -> None:
    with pytest.raises(StartFailed, match="Rename that folder"):
        read_back(Program("a", ("a",)), home=Path("/home/my #1 folder"))


def test_the_control_socket_is_closed_to_others_and_no_tcp_port() -> None:
    read = read_back(Program("a", ("a",)))
    assert read.get("unix_http_server", "chmod") == "0700"
    assert not read.has_section("inet_http_server")


def test_no_program_starts_before_what_it_needs() -> None:
    read = read_back(*(program_for(one) for one in parse(PROCFILE)))
    assert {read.get(name, "autostart") for name in read.sections() if name.startswith("program:")} == {"false"}
