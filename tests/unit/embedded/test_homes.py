"""What lies in the home: secrets that stay, processes that are remembered, pid files that lie."""

import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from core.access import operator
from embedded import leftovers, postgres
from embedded.identity import Identity
from embedded.keys import admin_key_file, load_or_draw
from embedded.places import Places, home_from, socket_folder


def test_the_admins_key_is_drawn_once_and_is_one_to_the_service(tmp_path: Path) -> None:
    file = admin_key_file(tmp_path)
    key = operator.read_key(file)
    assert operator.read_key(admin_key_file(tmp_path)) == key
    assert mode(file) == 0o600


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_drawn_once_and_closed_to_others(tmp_path: Path) -> None:
    places = Places(tmp_path)
    places.prepare()
    drawn = load_or_draw(places.secrets)
    assert load_or_draw(places.secrets) == drawn
    assert mode(places.secrets) == 0o700
    assert {mode(file) for file in places.secrets.iterdir()} == {0o600}
    assert drawn.postgres_password != drawn.redis_password
    assert set(json.loads(drawn.sandbox_file.read_text())) == {"access_key_id", "secret_access_key"}


def test_secrets_survive_an_interrupted_first_start(tmp_path: Path) -> None:
    (tmp_path / "redis-password.new").write_text("")
    assert load_or_draw(tmp_path).redis_password


def test_the_home_is_var_or_what_the_environment_says(tmp_path: Path) -> None:
    assert home_from({}).name == "var"
    assert home_from({"ACI_HOME": str(tmp_path)}) == tmp_path.resolve()


def test_sockets_go_elsewhere_when_the_home_lies_too_deep(tmp_path: Path) -> None:
    deep = Places(tmp_path / ("d" * 120))
    deep.prepare()
    with socket_folder(deep, Identity()) as folder:
        assert postgres.socket_folder_fits(folder)
        assert mode(folder) == 0o700
    assert not folder.exists()


def test_sockets_stay_in_the_home_when_they_fit() -> None:
    assert postgres.socket_folder_fits(Path("/home/somebody/project/var/run/aci-12345678"))
    assert not postgres.socket_folder_fits(Path("/" + "d" * 100))


def test_a_process_with_a_pid_used_again_is_not_ours() -> None:
    ours = leftovers.recorded_now("this", os.getpid())
    assert ours is not None
    assert leftovers.find(ours) is not None
    assert leftovers.find(replace(ours, began=ours.began - 60)) is None


def test_a_left_process_is_ended_with_what_it_started(tmp_path: Path) -> None:
    code = "import subprocess, sys; c = subprocess.Popen(['sleep', '1000']); print(c.pid, flush=True); c.wait()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as left:
        assert left.stdout is not None
        grandchild = leftovers.recorded_now("grandchild", int(left.stdout.readline()))
        register = leftovers.Register(tmp_path / "processes.json")
        register.add("left", left.pid)
        assert leftovers.end(leftovers.Register(tmp_path / "processes.json").load()) == ["left"]
    assert grandchild is not None
    assert leftovers.find(grandchild) is None


def test_a_damaged_register_is_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "processes.json").write_text('[{"pid"')
    assert leftovers.Register(tmp_path / "processes.json").load() == []


def test_a_postgres_pid_file_that_names_another_program_is_removed(tmp_path: Path) -> None:
    file = tmp_path / "postmaster.pid"
    file.write_text(f"{os.getpid()}\n{tmp_path}\n")
    assert postgres.clear_stale_pid_file(tmp_path)
    assert not file.exists()


def test_the_pid_file_of_a_killed_server_does_not_pass_for_a_ready_one(tmp_path: Path) -> None:
    lines = ["4711", str(tmp_path), "0", "5432", "/tmp", "", "0", "ready   "]
    (tmp_path / "postmaster.pid").write_text("\n".join(lines))
    assert postgres.is_ready(tmp_path, 4711)
    assert not postgres.is_ready(tmp_path, 4712)
