"""What untrusted code tries, and what it gets. After each the server still runs code at once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sandbox_server import SECRET, Server, Session, living, poll_until

# Tries one thing; prints what came of it, as a word that the tests can compare.
ATTEMPT = """
def attempt(thing):
    try:
        return thing()
    except OSError as error:
        import errno
        return errno.errorcode[error.errno]
"""


@pytest.fixture
def attacker(client: Any) -> Iterator[Session]:
    """A session in which `attempt` is defined; afterwards a fresh one must work."""
    session = Session.start(client)
    session.run(ATTEMPT)
    yield session
    session.stop()
    fresh = Session.start(client)
    assert fresh.out("6 * 7") == "42"
    fresh.stop()


@pytest.mark.parametrize(
    "path",
    [
        "/etc/shadow",
        "/root/.profile",
        "/var/log",
        "/proc/1/root/etc/shadow",
        "/.host",
        "/sys",
        "/proc/kcore",
        "/proc/cmdline",
    ],
)
def test_reads_host_file_finds_nothing(attacker: Session, path: str) -> None:
    assert attacker.out(f"import os; attempt(lambda: os.stat({path!r}) and 'seen')") in ("'ENOENT'", "'EACCES'")


def test_reads_a_host_file_by_its_path_finds_nothing(attacker: Session, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("host")
    tmp_path.chmod(0o755)
    assert attacker.out(f"attempt(lambda: open({str(secret)!r}).read())") == "'ENOENT'"


@pytest.mark.parametrize(
    "path", ["/usr/x", "/x", "/etc/passwd", "/dev/x", "/proc/self/uid_map", "/proc/sys/kernel/hostname"]
)
def test_writes_outside_its_folders_is_refused(attacker: Session, path: str) -> None:
    refused = ("'EROFS'", "'EACCES'", "'EPERM'", "'ENOENT'")
    assert attacker.out(f"import os; attempt(lambda: os.write(os.open({path!r}, 1 | 64), b'1 1 1'))") in refused


def test_reads_every_environ_finds_no_secret(attacker: Session) -> None:
    code = """
import glob, os
found = [repr(dict(os.environ))]
for path in glob.glob('/proc/*/environ') + glob.glob('/proc/*/task/*/environ'):
    found.append(str(attempt(lambda: open(path).read())))
print(found)
"""
    text = attacker.out(code)
    assert SECRET not in text and "SANDBOX_" not in text and "AWS_" not in text


def test_reads_proc_1_environ_is_denied(attacker: Session) -> None:
    assert attacker.out("attempt(lambda: open('/proc/1/environ').read())") in ("'EACCES'", "'ENOENT'")


def test_connects_to_the_network_finds_none(attacker: Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        targets = [("127.0.0.1", port), ("169.254.169.254", 80), ("1.1.1.1", 53)]
        for target in targets:
            code = f"import socket; attempt(lambda: socket.create_connection({target!r}, 2) and 'connected')"
            assert attacker.out(code) in ("'ENETUNREACH'", "'ECONNREFUSED'", "'EADDRNOTAVAIL'")


@pytest.mark.parametrize("family", ["AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_BLUETOOTH"])
def test_opens_a_socket_of_an_odd_family_is_refused(attacker: Session, family: str) -> None:
    number = {"AF_BLUETOOTH": 31}.get(family) or getattr(socket, family)
    kind = "SOCK_DGRAM" if family == "AF_ALG" else "SOCK_RAW"
    code = f"import socket; attempt(lambda: socket.socket({int(number)}, socket.{kind}) and 'made')"
    assert attacker.out(code) == "'EPERM'"


@pytest.mark.parametrize(
    "call",
    [
        "unshare(0x10000000)",
        "unshare(0x20000)",
        "setns(0, 0)",
        "mount(b'none', b'/session', b'tmpfs', 0, 0)",
        "umount2(b'/proc', 2)",
        "chroot(b'/session')",
        "ptrace(0, 0, 0, 0)",
        "personality(0x0040000)",
        "syscall(425, 8, 0)",  # io_uring_setup
        "syscall(321, 0, 0, 0)",  # bpf on x86_64
        "syscall(323, 0)",  # userfaultfd on x86_64
        "syscall(250, 0, 0, 0)",  # keyctl on x86_64
        "syscall(430, b'tmpfs', 0)",  # fsopen
        "process_vm_readv(1, 0, 0, 0, 0, 0)",
        "memfd_create(b'x', 0)",
        "shmget(0, 4096, 0o1777)",
        "sethostname(b'x', 1)",
        "setuid(0)",
        "syscall(272, 0x10000000)",
    ],
)
def test_calls_for_more_power_are_refused(attacker: Session, call: str) -> None:
    code = f"import ctypes; c = ctypes.CDLL(None, use_errno=True); c.{call}, ctypes.get_errno()"
    result, error = eval(attacker.out(code))
    assert result == -1 and os.strerror(error) in (os.strerror(1), os.strerror(22))


def test_makes_a_namespace_by_clone3_finds_no_such_call(attacker: Session) -> None:
    code = "import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(435, 0, 0), ctypes.get_errno()"
    assert attacker.out(code) == "(-1, 38)"


def test_raises_its_limits_is_refused(attacker: Session) -> None:
    code = """
import resource
def raise_it(what):
    try:
        resource.setrlimit(what, (resource.RLIM_INFINITY,) * 2)
        return 'raised'
    except ValueError:
        return 'refused'
{raise_it(w) for w in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE)}
"""
    assert attacker.out(code) == "{'refused'}"


FORK_BOMB = """
import os, time
made = 0
def bomb():
    global made
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
attempt(bomb), made < 40
"""


def test_forks_a_bomb_runs_out_of_processes(attacker: Session) -> None:
    assert attacker.out(FORK_BOMB) == "('EAGAIN', True)"


def test_starts_threads_without_end_runs_out_of_them(attacker: Session) -> None:
    code = "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    assert "can't start new thread" in attacker.run(code).stderr


def test_hogs_memory_in_one_process_gets_memory_error_and_goes_on(attacker: Session) -> None:
    assert "MemoryError" in attacker.run("x = bytearray(4 << 30)").stderr
    assert attacker.out("1") == "1"


HOG = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        hoard = bytearray(200 << 20)
        for place in range(0, len(hoard), 4096):
            hoard[place] = 1
        time.sleep(60)
time.sleep(60)
"""


def test_hogs_memory_in_many_processes_ends_its_session(attacker: Session) -> None:
    outcome = attacker.run(HOG)
    assert (outcome.limit, outcome.exit_code) == ("memory-limit", 137)
    assert attacker.status() == "TERMINATED"


def test_forks_and_hogs_where_there_is_no_cgroup_gets_no_further(new_server: Callable[..., Server]) -> None:
    server = new_server(SANDBOX_USE_CGROUPS="false")
    assert server.health()["tier"] == "B"
    bomber = Session.start(server.client())
    bomber.run(ATTEMPT)
    assert bomber.out(FORK_BOMB) == "('EAGAIN', True)"
    assert Session.start(server.client()).run(HOG).limit == "memory-limit"


def test_fills_the_disk_runs_out_of_space(attacker: Session) -> None:
    code = """
def fill():
    for number in range(100):
        with open(f'/session/{number}', 'wb') as file:
            file.write(bytes(16 << 20))
import errno
attempt(fill)
"""
    assert attacker.out(code) == "'ENOSPC'"


def test_fills_the_disk_with_empty_files_runs_out_of_inodes(attacker: Session) -> None:
    code = "def fill():\n    for n in range(100_000): open(f'e{n}', 'w').close()\nattempt(fill)"
    assert attacker.out(code) == "'ENOSPC'"


def test_prints_without_end_is_stopped(attacker: Session) -> None:
    outcome = attacker.run("x = 1\nwhile True: print('y' * 100_000)")
    assert outcome.limit == "output-limit"
    assert len(outcome.stdout) < 100_000 and "[output cut after 64 KB]" in outcome.stdout
    assert attacker.out("x") == "1"


def test_prints_a_megabyte_in_its_traceback_is_cut(attacker: Session) -> None:
    outcome = attacker.run("raise ValueError('x' * 1_000_000)")
    assert outcome.exit_code == 1 and len(outcome.stderr) < 100_000


def test_kills_everything_it_can_reaches_only_its_own(attacker: Session) -> None:
    code = """
import os, subprocess
child = subprocess.Popen(['sleep', '60'])
os.kill(-1, 9)
try: os.kill(1, 9)
except OSError: pass
print(child.wait())
"""
    assert attacker.out(code) == "-9"
    assert attacker.out("'still here'") == "'still here'"


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("import os; os._exit(7)", 7), ("import ctypes; ctypes.string_at(0)", 139), ("import os; os.abort()", 134)],
    ids=["os._exit", "segfault", "abort"],
)
def test_ends_its_process_ends_its_session(attacker: Session, code: str, exit_code: int) -> None:
    outcome = attacker.run("print('before')\n" + code)
    assert (outcome.limit, outcome.exit_code, outcome.stdout) == ("session-ended", exit_code, "before\n")


def test_closes_every_descriptor_ends_its_session(attacker: Session) -> None:
    assert attacker.run("import os; os.closerange(0, 4096)").limit == "session-ended"


@pytest.mark.parametrize(
    "frame",
    [
        "b'\\xff' * 5000",
        "struct.pack('!I', 1 << 31)",
        "framed({'ended': 'x', 'exitCode': 0})",
        "framed([])",
        "framed({'failed': 'x'})",
    ],
)
def test_forges_control_frames_ends_its_session(attacker: Session, frame: str) -> None:
    code = f"""
import json, os, struct, time
def framed(message):
    body = json.dumps(message).encode()
    return struct.pack('!I', len(body)) + body
for descriptor in range(3, 64):
    try: os.write(descriptor, {frame})
    except OSError: pass
time.sleep(60)
"""
    assert attacker.run(code).limit == "protocol-violation"


def test_prints_a_forged_end_is_not_believed(attacker: Session) -> None:
    outcome = attacker.run('print(\'{"ended": 1, "exitCode": 0}\'); raise ValueError')
    assert outcome.exit_code == 1


def test_links_out_of_its_folder_is_not_followed(attacker: Session) -> None:
    attacker.run("import os; os.symlink('/etc', 'etc'); os.symlink('/etc/passwd', 'p'); os.mkfifo('f')")
    for path in ("etc/passwd", "p", "f"):
        assert attacker.call("readFiles", paths=[path])["isError"], path
    assert attacker.call("writeFiles", content=[{"path": "etc/new", "text": ""}])["isError"]
    assert attacker.call("listFiles", directoryPath="etc")["isError"]
    # Writing to a name that is a link replaces the link.
    assert not attacker.call("writeFiles", content=[{"path": "p", "text": "mine"}])["isError"]
    assert attacker.out("os.path.islink('p'), open('p').read()") == "(False, 'mine')"


def test_swaps_a_folder_for_a_link_while_files_are_read_never_gets_out(attacker: Session) -> None:
    attacker.run("""
import os, subprocess, sys
os.mkdir('d'); open('d/passwd', 'w').write('mine')
os.symlink('/etc', 'l')
swap = "import ctypes; c = ctypes.CDLL(None)\\nwhile True: c.renameat2(-100, b'd', -100, b'l', 2)"
swapper = subprocess.Popen([sys.executable, '-c', swap])
""")
    seen = set()
    for _ in range(100):
        result = attacker.call("readFiles", paths=["d/passwd"])
        seen.add("refused" if result["isError"] else result["content"][0]["resource"]["text"])
    assert seen <= {"refused", "mine"}


def test_leaves_a_daemon_behind_is_gone_with_its_run(server: Server, attacker: Session) -> None:
    attacker.run("import subprocess; subprocess.Popen(['setsid', 'sh', '-c', 'setsid sleep 123456 & sleep 123456'])")
    # Whoever was told to end is given the time to do so.
    poll_until(lambda: not any("123456" in process.cmdline() for process in living(server)))
    assert attacker.out("'still here'") == "'still here'"


def test_looks_for_its_neighbours_sees_only_itself(attacker: Session, session: Session) -> None:
    session.run("open('/dev/shm/mine', 'w').close()")
    assert attacker.out("import os; [p for p in os.listdir('/proc') if p.isdigit() and int(p) > 99]") == "[]"
    assert attacker.out("os.listdir('/dev/shm')") == "[]"


def test_forks_out_of_its_cell_can_not_answer_in_its_place(attacker: Session) -> None:
    outcome = attacker.run("import os\npid = os.fork()\nif pid: print(os.waitpid(pid, 0)[0] == pid)")
    assert (outcome.exit_code, outcome.stdout) == (0, "True\n")
    assert attacker.out("'in step'") == "'in step'"
