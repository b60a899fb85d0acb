"""`aci` as a stranger runs it, against an API process that asks who is there.

Most commands run in the test's own process, and what they ask of the service's programs is forked, where a Python for
each would do little but import; a few are processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import pytest
from services import PATIENCE_S, PLAIN, REPOSITORY, Program
from typer.testing import CliRunner

from cli import beside
from cli.__main__ import app, main
from cli.errors import Exit
from embedded.children import bare_environment, pause_between_looks
from embedded.ports import free_port
from embedded.redis import RedisServer, is_ready, server_program
from embedded.within import environment_of
from tests.zygote import zygote

Done = subprocess.CompletedProcess[str]


def forked(module: str, *arguments: str, stdout: int | None = None, stderr: int | None = None) -> Done:
    """As `beside.ran`."""
    environment = {**environment_of(os.environ), "PYTHONPATH": str(REPOSITORY)}
    done = zygote().run(["-m", module, *arguments], environment, PATIENCE_S)
    for text, held, ours in ((done.stdout, stdout, sys.stdout), (done.stderr, stderr, sys.stderr)):
        if held is None:
            ours.write(text)
    return done


class Shell:
    """Somebody at a terminal, with a home of their own."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.environment = {**bare_environment(), "HOME": str(home), "PYTHONPATH": str(REPOSITORY), **environment}

    def run(self, *words: str, status: int = 0, given: str = "") -> Done:
        """A command, which must end with that status, by `main` and without this process's environment."""
        stdout, stderr = io.StringIO(), io.StringIO()
        with (
            contextlib.chdir(self.home),
            mock.patch.dict(os.environ, self.environment, clear=True),
            mock.patch.object(sys, "argv", ["aci", *words]),
            mock.patch.object(sys, "stdin", io.StringIO(given)),
            mock.patch.object(beside, "ran", forked),
            contextlib.redirect_stdout(stdout),
            contextlib.redirect_stderr(stderr),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        done = subprocess.CompletedProcess(words, int(ended.value.code or 0), stdout.getvalue(), stderr.getvalue())
        assert done.returncode == status, done
        return done

    def process(self, *words: str, status: int = 0, given: str = "") -> Done:
        """The same as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            check=False,
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            input=given,
            timeout=PATIENCE_S,
        )
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr
        return done

    def json(self, *words: str, status: int = 0, apart: bool = False) -> Any:
        """What it prints for programs; as a process of its own, where it is to be apart."""
        run = self.process if apart else self.run
        return json.loads(run(*words, "--json", status=status).stdout)


@pytest.fixture(scope="module")
def service(
    database: str, redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of an API that asks for keys; nothing else of the service runs."""
    port = free_port()
    environment = {"DATABASE_URL": database, "REDIS_URL": redis_server.url, "ACI_AUTH": "keys", "ACI_PORT": str(port)}
    program = Program("api", tmp_path_factory.mktemp("api") / "log", ["-m", "api"], environment)
    program.start()
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            if httpx.get(f"{url}/healthz", **PLAIN).status_code == 200:
                break
        except httpx.TransportError:
            assert program.running, program.log.read_text()
            pause_between_looks()
    yield {**environment, "ACI_URL": url}
    program.stop()


@pytest.fixture(scope="module")
def operator(service: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """On the service's machine, with the first admin's key."""
    shell = Shell(tmp_path_factory.mktemp("operator"), **service)
    made = shell.process("admin", "bootstrap")
    assert made.stdout.startswith("aci_")
    assert made.stdout.count("\n") == 1, "the key and nothing else, to be put into a file"
    shell.environment["ACI_API_KEY"] = made.stdout.strip()
    return shell


@pytest.fixture
def stranger(service: dict[str, str], tmp_path: Path) -> Shell:
    """Knows the address and nothing else."""
    return Shell(tmp_path, ACI_URL=service["ACI_URL"])


def test_the_first_admins_key_is_made_once(operator: Shell) -> None:
    again = operator.run("admin", "bootstrap", status=Exit.FAILED)
    assert "--another" in again.stderr
    assert operator.json("admin", "bootstrap", "--another")["secret"].startswith("aci_")


def test_without_a_database_there_is_no_first_key(operator: Shell) -> None:
    away = Shell(operator.home, DATABASE_URL=f"postgresql://nobody@127.0.0.1:{free_port()}/x")
    assert "DATABASE_URL" in away.run("admin", "bootstrap", status=Exit.UNREACHABLE).stderr


def test_a_key_is_kept_when_it_is_good_and_only_then(operator: Shell, stranger: Shell) -> None:
    url = stranger.environment.pop("ACI_URL")
    wrong = stranger.run("login", url, given="aci_" + "0" * 48 + "\n", status=Exit.NOT_ALLOWED)
    assert "401" in wrong.stderr
    stranger.run("whoami", status=Exit.UNREACHABLE)
    key = operator.run("admin", "keys", "create", "of a stranger").stdout
    assert "default" in stranger.process("login", url, given=key).stdout
    assert (stranger.home / ".config" / "aci" / "config.json").stat().st_mode & 0o777 == 0o600
    me = stranger.json("whoami")
    assert (me["scopes"], me["tenant"]["name"]) == (["user"], "default")
    assert key.strip() not in stranger.run("whoami").stdout
    refused = stranger.run("admin", "keys", "list", status=Exit.NOT_ALLOWED)
    assert "admin" in refused.stderr
    stranger.run("logout")
    stranger.run("whoami", status=Exit.UNREACHABLE)


def test_tenants_are_made_shown_and_changed(operator: Shell) -> None:
    made = operator.json("admin", "tenants", "create", "blue", "--weight", "2")
    assert (made["name"], made["weight"]) == ("blue", 2)
    assert operator.run("admin", "tenants", "create", "blue", status=Exit.FAILED).stderr.startswith("aci: ")
    changed = operator.json("admin", "tenants", "change", made["id"], "--suspend", "--name", "green")
    assert (changed["name"], changed["suspended"]) == ("green", True)
    assert operator.json("admin", "tenants", "show", made["id"]) == changed
    operator.run("admin", "tenants", "change", made["id"], status=Exit.USAGE)
    table = operator.run("admin", "tenants", "list").stdout.splitlines()
    assert table[0].split() == ["ID", "NAME", "WEIGHT", "SUSPENDED", "CREATED"]
    assert table[1].split()[:4] == [made["id"], "green", "2", "yes"]


def test_keys_are_made_rotated_and_ended(operator: Shell) -> None:
    made = operator.json("admin", "keys", "create", "nightly", "--days", "3")
    rotated = operator.json("admin", "keys", "rotate", made["id"], "--grace-hours", "0")
    assert rotated["rotated_from"] == made["id"]
    user = Shell(operator.home, ACI_URL=operator.environment["ACI_URL"], ACI_API_KEY=rotated["secret"])
    assert user.json("whoami")["key"]["id"] == rotated["id"]
    assert operator.json("admin", "keys", "revoke", rotated["id"])["revoked_at"]
    listed = operator.run("admin", "keys", "list").stdout
    assert made["id"] in listed
    assert made["secret"] not in listed


def test_limits_are_set_one_by_one(operator: Shell) -> None:
    tenant = operator.json("admin", "tenants", "create", "limited")["id"]
    operator.run("admin", "limits", "set", "--tenant", tenant, "--queued-jobs", "10", "--cost-per-day-usd", "2.5")
    shown = operator.json(
        "admin", "limits", "set", "--tenant", tenant, "--queued-jobs", "unlimited", "--batch-lines", "5"
    )
    assert shown["said"] == {"queued_jobs": None, "batch_lines": 5, "cost_per_day_usd": 2.5}
    shown = operator.json("admin", "limits", "set", "--tenant", tenant, "--batch-lines", "unset")
    assert (shown["said"], shown["effective"]["batch_lines"]) == (
        {"queued_jobs": None, "cost_per_day_usd": 2.5},
        50_000,
    )
    lines = operator.run("admin", "limits", "show", "--tenant", tenant).stdout.splitlines()
    assert ["cost_per_day_usd", "2.5", "2.5"] in [line.split() for line in lines]
    key = operator.json("admin", "keys", "create", "k", "--tenant", tenant)["id"]
    operator.run("admin", "limits", "set", "--key", key, "--requests-per-minute", "60")
    assert operator.json("admin", "limits", "show", "--key", key)["effective"]["cost_per_day_usd"] == 2.5
    assert operator.json("admin", "limits", "show")["batch_lines"] == 50_000
    for words, status in [
        (("--tenant", tenant), Exit.USAGE),
        (("--queued-jobs", "1"), Exit.USAGE),
        (("--tenant", tenant, "--key", key, "--queued-jobs", "1"), Exit.USAGE),
        (("--tenant", tenant, "--queued-jobs", "many"), Exit.USAGE),
        (("--tenant", tenant, "--queued-jobs", "-1"), Exit.FAILED),
        (("--tenant", "ten_x", "--queued-jobs", "1"), Exit.FAILED),
    ]:
        operator.run("admin", "limits", "set", *words, status=status)


def test_what_admins_did_is_told(operator: Shell) -> None:
    tenant = operator.json("admin", "tenants", "create", "told of")["id"]
    act = operator.json("admin", "audit", "--limit", "1")[0]
    assert (act["action"], act["target"]) == ("tenant.create", tenant)
    assert tenant in operator.run("admin", "audit", "--limit", "1").stdout


def test_usage_is_told_by_day(operator: Shell) -> None:
    assert operator.json("usage") == []
    assert "No job ran" in operator.run("usage").stderr
    assert "/query/from" in operator.run("usage", "--from", "x", status=Exit.FAILED).stderr


# --- settings and doctor ----------------------------------------------------------------------------------


def test_settings_are_shown_without_a_secret(operator: Shell, service: dict[str, str]) -> None:
    found = {one["name"]: one for one in operator.json("settings")}
    assert (found["ACI_AUTH"]["value"], found["ACI_AUTH"]["source"]) == ("keys", "environment")
    assert found["ACI_LEASE_S"]["source"] == "default"
    printed = operator.run("settings").stdout
    assert "How long a worker owns a job" in printed
    for secret in secrets_of(service):
        assert secret not in printed
        assert secret not in json.dumps(found)


def secrets_of(service: dict[str, str]) -> list[str]:
    """The passwords in the addresses."""
    found = [service[name].rpartition("@")[0].rpartition(":")[2] for name in ("DATABASE_URL", "REDIS_URL")]
    assert all(len(secret) > 10 for secret in found)
    return found


def test_a_setting_that_can_not_be_used_is_named(operator: Shell) -> None:
    broken = Shell(operator.home, ACI_WORKER_SLOTS="many")
    assert "ACI_WORKER_SLOTS" in broken.run("settings", status=Exit.FAILED).stdout
    checks = {one["name"]: one for one in broken.json("doctor", status=Exit.FAILED)}
    assert "ACI_WORKER_SLOTS" in checks["settings"]["detail"]


def test_the_doctor_looks_at_every_part_where_the_service_is(operator: Shell, service: dict[str, str]) -> None:
    """Here only the API runs: all that is missing is named, with what to do."""
    checks = {one["name"]: one for one in operator.json("doctor", status=Exit.FAILED, apart=True)}
    well = {name for name, one in checks.items() if one["status"] == "ok"}
    assert {"settings", "postgres", "migrations", "clock", "redis", "redis password", "disk", "api", "key"} <= well
    ill = {name for name, one in checks.items() if one["status"] == "failed"}
    assert {"workers of execute", "workers of generate", "agent execute", "api: sandbox"} <= ill
    assert all(checks[name]["advice"] for name in ill)
    assert "python -m workers --pool execute" in checks["workers of execute"]["advice"]
    printed = operator.run("doctor", status=Exit.FAILED).stdout
    assert "FAILED  workers of execute" in printed
    assert "→ Start one: `python -m workers --pool execute`" in printed
    for secret in [*secrets_of(service), operator.environment["ACI_API_KEY"]]:
        assert secret not in printed
        assert secret not in json.dumps(checks)


def test_where_nobody_said_where_it_is_the_doctor_looks_at_the_port_of_the_settings(operator: Shell) -> None:
    unsaid = Shell(operator.home, **{name: value for name, value in operator.environment.items() if name != "ACI_URL"})
    checks = {one["name"]: one for one in unsaid.json("doctor", status=Exit.FAILED)}
    assert checks["api"]["detail"].startswith(f"{operator.environment['ACI_URL']} answers")


def test_from_afar_the_doctor_says_what_it_could_not_look_at(operator: Shell, stranger: Shell) -> None:
    """As where `aci` alone is installed: nothing of the service can be found."""
    alone = stranger.home / "site" / "cli"
    alone.parent.mkdir()
    alone.symlink_to(REPOSITORY / "cli")
    stranger.environment["PYTHONPATH"] = str(alone.parent)
    checks = {one["name"]: one for one in stranger.json("doctor", status=Exit.FAILED, apart=True)}
    for name in ("settings", "migrations", "redis password", "disk", "open files"):
        assert (checks[name]["status"], "not installed here" in checks[name]["detail"]) == ("skipped", True)
    assert checks["api"]["status"] == "ok"
    assert (checks["key"]["status"], "aci login" in checks["key"]["advice"]) == ("failed", True)
    assert "where the service is installed" in stranger.process("settings", status=Exit.FAILED).stderr
    stranger.environment["ACI_API_KEY"] = operator.environment["ACI_API_KEY"]
    assert {one["name"]: one for one in stranger.json("doctor", status=Exit.FAILED, apart=True)}["key"][
        "status"
    ] == "ok"


@pytest.mark.parametrize(
    ("database_url", "redis_url"),
    [
        ("postgresql://aci:hunter2@127.0.0.1:1/aci", "redis://:hunter2@127.0.0.1:1/0"),
        ("postgresql://aci:hunt/er2@127.0.0.1:1/aci", "redis://:hunt#er2@127.0.0.1:x/0"),
    ],
)
def test_what_is_away_is_named_and_nothing_secret_with_it(database_url: str, redis_url: str, operator: Shell) -> None:
    found = ill(operator, DATABASE_URL=database_url, REDIS_URL=redis_url, ACI_URL="http://127.0.0.1:1")
    for part in ("postgres", "redis", "api"):
        assert (found[part]["status"], bool(found[part]["advice"])) == ("failed", True)
    assert not {"hunter2", "hunt", "er2"} & set(re.split(r"\W+", json.dumps(found)))


def ill(operator: Shell, **broken: str) -> dict[str, Any]:
    """What the doctor finds, by part, where something is wrong."""
    shell = Shell(operator.home, **{**operator.environment, **broken})
    return {one["name"]: one for one in shell.json("doctor", status=Exit.FAILED)}


def test_a_wrong_password_is_told_from_a_redis_that_is_away(operator: Shell, redis_server: RedisServer) -> None:
    wrong = f"redis://:wrong@127.0.0.1:{redis_server.port}/0"
    assert "refuses the password" in ill(operator, REDIS_URL=wrong)["redis"]["detail"]


def test_a_redis_that_lets_anybody_in_is_told_of(operator: Shell, tmp_path: Path) -> None:
    port = free_port()
    words = [str(server_program()), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as server:
        try:
            while not is_ready(f"redis://127.0.0.1:{port}/0"):
                assert server.poll() is None
                pause_between_looks()
            found = ill(operator, REDIS_URL=f"redis://127.0.0.1:{port}/0")
        finally:
            server.terminate()
    assert found["redis"]["status"] == "ok"
    assert (found["redis password"]["status"], "requirepass" in found["redis password"]["advice"]) == ("failed", True)


async def test_a_database_without_its_tables_is_told_to_be_migrated(operator: Shell, new_database: Any) -> None:
    found = await asyncio.to_thread(ill, operator, DATABASE_URL=await new_database(empty=True))
    assert (found["migrations"]["status"], "python -m migrations" in found["migrations"]["advice"]) == ("failed", True)
    assert found["dispatcher"]["status"] == "skipped"


def test_every_command_has_help(operator: Shell) -> None:
    assert "Commands:" in operator.process("--help").stdout

    def walk(*words: str) -> Iterator[tuple[str, ...]]:
        told = CliRunner().invoke(app, [*words, "--help"])  # a process for each would take ten seconds
        assert told.exit_code == 0, told.output
        lines = told.stdout.splitlines()
        yield words
        if "Commands:" in lines:
            for line in lines[lines.index("Commands:") + 1 :]:
                if line.startswith("  ") and line[2:3].strip():
                    yield from walk(*words, line.split()[0])

    found = list(walk())
    assert ("admin", "limits", "set") in found
    assert len(found) > 20


def test_what_is_not_understood_is_told(stranger: Shell) -> None:
    stranger.process("unheard-of", status=Exit.USAGE)
    stranger.run("admin", "tenants", "create", status=Exit.USAGE)


def test_a_reader_who_has_seen_enough_is_no_error(operator: Shell) -> None:
    first, second = os.pipe()
    os.close(first)
    done = subprocess.run(
        [sys.executable, "-m", "cli", "settings"], check=False, env=operator.environment, stdout=second,
        stderr=subprocess.PIPE, text=True, timeout=PATIENCE_S,
    )  # fmt: skip
    os.close(second)
    assert "Traceback" not in done.stderr
