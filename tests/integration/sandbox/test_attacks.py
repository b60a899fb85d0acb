"""What untrusted code tries, and what it gets; after each attack the server and the neighbours carry on.

The fixture `attacker` looks after that. What the kind of server may make a difference to is tried on each kind.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from attacks import FAMILIES, rounds
from ground import Ground, in_turns, on_one_kind
from sandbox_server import Session


@pytest.mark.parametrize(
    ("ground", "family", "names"),
    [pytest.param(*one, id=f"{one[0]}-{one[1]}" + (f": {one[2][0]}" if len(one[2]) == 1 else "")) for one in rounds()],
    indirect=["ground"],
)
def test_attacks_get_nothing(attacker: Session, family: str, names: tuple[str, ...]) -> None:
    got = {name: attacker.out(FAMILIES[family][name].code) for name in names}
    assert {name: value for name, value in got.items() if value not in FAMILIES[family][name].accepted} == {}


def test_reads_a_host_file_by_its_path_finds_nothing(attacker: Session, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("host")
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    for path in (secret, f"/proc/1/root{secret}", f"/proc/self/root{secret}", f"/proc/self/cwd/../..{secret}"):
        assert attacker.out(f"attempt(lambda: open({str(path)!r}).read())") in ("'ENOENT'", "'EACCES'")


def test_connects_to_a_server_of_the_host_finds_none(attacker: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        code = f"attempt(lambda: socket.create_connection(('127.0.0.1', {port}), 2) and 'connected')"
        assert attacker.out(code) == "'ENETUNREACH'"  # there is not even a loopback


def test_connects_to_an_abstract_socket_of_the_host_finds_none(attacker: Session) -> None:
    name = f"\0sandbox-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(name)
        listening.listen()
        code = f"attempt(lambda: socket.socket(socket.AF_UNIX).connect({name!r}))"
        assert attacker.out(code) == "'ECONNREFUSED'"


def test_listens_is_not_heard_of_outside(attacker: Session, ground: Ground) -> None:
    """Two sessions may use the same port; neither hears the other."""
    listen = "kept = socket.create_server(('127.0.0.1', 18970)); kept.getsockname()[1]"
    assert attacker.out(listen) == "18970"
    assert (
        ground.neighbour.out("import socket\nwith socket.socket() as s: print(s.connect_ex(('127.0.0.1', 18970)))")
        != "0"
    )
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", 18970), 2)


def test_looks_for_its_neighbours_sees_only_itself(attacker: Session, ground: Ground) -> None:
    ground.neighbour.run("open('/dev/shm/mine', 'w').close(); open('/tmp/mine', 'w').close()")
    assert attacker.out("[p for p in os.listdir('/proc') if p.isdigit()]") == "['2']"
    assert attacker.out("import tempfile; os.listdir('/dev/shm'), os.listdir('/session')") == "([], [])"
    assert attacker.out("os.path.exists(tempfile.gettempdir() + '/mine')") == "False"


def test_signals_its_neighbours_reaches_nobody(attacker: Session) -> None:
    """Every number there could be; the fixture sees whether the neighbour lives."""
    code = """
import signal
reached = []
for pid in range(3, 70_000):
    try:
        os.kill(pid, signal.SIGKILL)
        reached.append(pid)
    except OSError:
        pass
reached
"""
    assert attacker.out(code) == "[]"


def test_kills_everything_it_can_reaches_only_its_own(attacker: Session) -> None:
    code = """
import subprocess
child = subprocess.Popen(['sleep', '60'])
os.kill(-1, 9)
for number in range(1, 65):
    attempt(lambda: os.kill(1, number))
print(child.wait())
"""
    assert attacker.out(code) == "-9"
    assert attacker.out("'still here'") == "'still here'"


def test_starves_its_init_harms_itself_alone(attacker: Session) -> None:
    """The limits of PID 1 can be lowered by code of the same user: it can't serve then, and the session may end."""
    code = """
import resource, subprocess
for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK):
    attempt(lambda: resource.prlimit(1, limit, (0, 0)))
subprocess.Popen(['sleep', '1000'])
"""
    attacker.run(code)


ENDS = {
    "os._exit": ("os._exit(7)", 7),
    "segfault": ("ctypes.string_at(0)", 139),
    "abort": ("os.abort()", 134),
    "kill": ("os.kill(os.getpid(), 9)", 137),
    "SIGSYS": ("import signal; signal.raise_signal(signal.SIGSYS)", 159),
    "exec": ("os.execv('/bin/sh', ['sh', '-c', 'exit 5'])", 5),
    "C recursion": (
        "import sys; sys.setrecursionlimit(1 << 30)\nclass A:\n    def __repr__(s): return repr(s)\nrepr(A())",
        139,
    ),
}


@pytest.mark.parametrize(("ground", "name"), in_turns(ENDS), indirect=["ground"])
def test_ends_its_process_ends_its_session(attacker: Session, name: str) -> None:
    code, exit_code = ENDS[name]
    outcome = attacker.run(f"print('before', flush=True)\n{code}")
    assert (outcome.limit, outcome.exit_code) == ("session-ended", exit_code)
    assert outcome.stdout.startswith("before\n")


DOORS = {
    "32-bit": b"\xb8\x14\x00\x00\x00\xcd\x80\xc3",  # getpid by int 0x80, the way of 32-bit programs
    "x32": b"\xb8\x27\x00\x00\x40\x0f\x05\xc3",  # getpid by the x32 numbers
}


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="machine code of x86_64")
@pytest.mark.parametrize(("ground", "name"), in_turns(DOORS), indirect=["ground"])
def test_calls_the_kernel_by_another_door_is_killed(attacker: Session, name: str) -> None:
    code = f"""
import mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write({DOORS[name]!r})
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
    outcome = attacker.run(code)
    assert (outcome.limit, outcome.exit_code) == ("session-ended", 159)


@on_one_kind
def test_recurses_without_end_gets_an_error_and_goes_on(attacker: Session) -> None:
    assert "RecursionError" in attacker.run("def f(): return f()\nf()").stderr
    assert attacker.out("1") == "1"


@on_one_kind
def test_forks_out_of_its_cell_can_not_answer_in_its_place(attacker: Session) -> None:
    outcome = attacker.run("pid = os.fork()\nif pid: print(os.waitpid(pid, 0)[0] == pid)")
    assert (outcome.exit_code, outcome.stdout) == (0, "True\n")
    assert attacker.out("'in step'") == "'in step'"


@on_one_kind
def test_gives_its_threads_no_end_is_told_and_goes_on(attacker: Session) -> None:
    code = """
import threading
def stubborn():
    while True:
        try:
            while True: time.sleep(0.001)
        except BaseException:
            pass
for _ in range(4): threading.Thread(target=stubborn, daemon=True).start()
"""
    assert attacker.run(code).exit_code == 0
    assert attacker.out("'goes on'") == "'goes on'"
