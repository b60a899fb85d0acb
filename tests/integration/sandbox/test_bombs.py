"""Code that uses up what there is, will not end, or forges what it can: its session ends at most, and nobody else's."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from ground import LONG, ONE_KIND, Ground, in_turns, on_one_kind
from sandbox_server import Server, Session, living, poll_until, runs

# --- processes and threads

FORKS = """
def bomb():
    made = 0
    while True:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
        made += 1
"""
FORKS_OF_FORKS = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
DAEMONS_THAT_REPLACE_EACH_OTHER = """
def flee():
    while True:
        if os.fork(): os._exit(0)
        os.setsid()
if os.fork() == 0: flee()
time.sleep(0.02)
"""


def test_forks_a_bomb_runs_out_of_processes(attacker: Session) -> None:
    outcome = attacker.run(FORKS + "bomb()")
    assert (outcome.exit_code, outcome.reached) == (1, "process-limit")
    assert attacker.out("'usable'") == "'usable'"


def test_forks_from_every_fork_is_over_when_it_is_stopped(attacker: Session, ground: Ground) -> None:
    """All spin and fork whenever there is room: only if none runs meanwhile can all be ended."""
    attacker.call("writeFiles", content=[{"path": "bomb.py", "text": FORKS_OF_FORKS}])
    started = attacker.call("startCommandExecution", command="exec python bomb.py")
    poll_until(lambda: len(living(ground.server)) > 24)
    attacker.call("stopTask", taskId=started["structuredContent"]["taskId"])
    poll_until(lambda: attacker.out("[p for p in os.listdir('/proc') if p.isdigit()]") == "['2']")


def test_forks_from_every_fork_in_a_run_is_over_with_the_run(attacker: Session) -> None:
    grown = "while sum(name.isdigit() for name in os.listdir('/proc')) < 24: time.sleep(0.01)"
    code = f"if os.fork() == 0:\n    os.setsid()\n    exec({FORKS_OF_FORKS!r})\n{grown}"
    assert attacker.run(code).exit_code == 0
    assert attacker.out("[p for p in os.listdir('/proc') if p.isdigit()]") == "['2']"


def test_starts_threads_without_end_runs_out_of_them(attacker: Session) -> None:
    outcome = attacker.run(
        "import threading\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()"
    )
    assert outcome.reached == "process-limit"


def test_leaves_daemons_behind_that_flee_is_rid_of_them_with_its_run(attacker: Session) -> None:
    for _ in range(50 if LONG else 10):  # each time there is another moment to get away in
        assert attacker.run(DAEMONS_THAT_REPLACE_EACH_OTHER).exit_code == 0
        assert attacker.out("[p for p in os.listdir('/proc') if p.isdigit()]") == "['2']"


def test_leaves_a_daemon_behind_is_gone_with_its_run(attacker: Session, ground: Ground) -> None:
    attacker.run("import subprocess; subprocess.Popen(['setsid', 'sh', '-c', 'setsid sleep 123456 & sleep 123456']);")
    poll_until(lambda: not runs(ground.server, "123456"))


def test_hides_a_process_that_can_not_be_read_is_rid_of_it_with_its_session(attacker: Session) -> None:
    """What may not be read can't be seen in /proc; the fixture sees that nothing of it outlives its session."""
    attacker.run(
        "import shutil, subprocess; shutil.copy('/usr/bin/sleep', 'hidden'); os.chmod('hidden', 0o111)\n"
        "subprocess.Popen(['setsid', './hidden', '1000']);"
    )


# --- memory


def test_hogs_memory_in_one_process_gets_an_error_and_goes_on(attacker: Session) -> None:
    outcome = attacker.run("x = bytearray(4 << 30)")
    assert (outcome.reached, outcome.exit_code) == ("memory-limit", 1)
    assert attacker.out("'usable'") == "'usable'"


HOGS = {
    "in many processes": """
for _ in range(6):
    if os.fork() == 0:
        hoard = bytearray(200 << 20)
        for place in range(0, len(hoard), 4096): hoard[place] = 1
        time.sleep(60)
time.sleep(60)
""",
    "in shared pages": """
import mmap
for _ in range(6):
    page = mmap.mmap(-1, 100 << 20)
    if os.fork() == 0:
        for place in range(0, len(page), 4096): page[place] = 1
        time.sleep(60)
time.sleep(60)
""",
    "in a task": """
import subprocess
hog = "hoard = b'x' * (200 << 20); import time; time.sleep(60)"
for _ in range(4): subprocess.Popen([sys.executable, '-c', hog])
time.sleep(60)
""",
    "in the buffers of sockets": """
def fill():
    kept = []
    try:
        while True:
            pair = socket.socketpair()
            kept.append(pair)
            for end in pair:
                end.setblocking(False)
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 24)
                try:
                    while True: end.send(bytes(65536))
                except BlockingIOError: pass
    except OSError: pass
    time.sleep(60)
for _ in range(16):
    if os.fork() == 0: fill()
time.sleep(60)
""",
}


@pytest.mark.parametrize("name", HOGS)
def test_hogs_memory_over_all_ends_its_session(attacker: Session, name: str) -> None:
    outcome = attacker.run(HOGS[name])
    assert (outcome.limit, outcome.exit_code) == ("memory-limit", 137)
    assert attacker.status() == "TERMINATED"


def test_hogs_memory_while_no_run_is_on_ends_its_session(attacker: Session) -> None:
    """By what a task left behind, half a second later, when nobody looks at the session often any more. The first of
    these is by then the largest process, whose end alone would not be the session's.
    """
    python = attacker.out("sys.executable").strip("'")
    hog = "import time; time.sleep(0.5 + $n); hoard = b'x' * (200 << 20); time.sleep(60)"
    attacker.call("startCommandExecution", command=f'for n in 0 1 2; do setsid {python} -c "{hog}" >&- 2>&- & done')
    poll_until(lambda: attacker.status() == "TERMINATED")


def test_fills_the_disk_is_told_and_goes_on_when_there_is_room(attacker: Session) -> None:
    fill = "for n in range(100):\n    with open(f'f{n}', 'wb') as file: file.write(bytes(16 << 20))"
    assert attacker.run(fill).reached == "disk-limit"
    assert attacker.run("for n in range(100_000): open(f'e{n}', 'w').close()").reached in ("inode-limit", "disk-limit")
    attacker.run("import glob\nfor name in glob.glob('/session/*'): os.remove(name)")
    assert attacker.out("open('again', 'w').write('room')") == "4"


@on_one_kind
def test_makes_files_without_end_is_told_which_limit_that_is(attacker: Session) -> None:
    assert attacker.run("for n in range(100_000): open(f'e{n}', 'w').close()").reached == "inode-limit"


@on_one_kind
def test_opens_files_without_end_is_told_and_goes_on(attacker: Session) -> None:
    outcome = attacker.run("kept = []\nwhile True: kept.append(open('/dev/null'))")
    assert outcome.reached == "descriptor-limit"
    assert attacker.out("kept.clear(); 'usable'") == "'usable'"


# --- processor time


# What each prints. Who does not end when told to by SIGXCPU goes on for a second.
GREEDY = {
    "import signal; signal.raise_signal(signal.SIGXCPU)": "",
    "import signal; signal.signal(signal.SIGXCPU, lambda *_: print('told', flush=True))\nwhile True: pass": "told\n",
}
if LONG:
    GREEDY |= {
        "while True: pass": "",
        "import signal; signal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass": "",
    }


@on_one_kind
def test_uses_up_its_processor_time_ends_its_session_by_that_name(
    ground: Ground, new_server: Callable[..., Server]
) -> None:
    server = new_server(SANDBOX_CPU_SECONDS="1")
    for code, printed in GREEDY.items():
        outcome = Session.start(server.client()).run(code)
        assert (outcome.limit, outcome.exit_code, outcome.stdout) == ("cpu-limit", 137, printed)


def test_spins_in_every_process_is_held_to_its_share(
    attacker: Session, ground: Ground, new_server: Callable[..., Server]
) -> None:
    health = ground.server.health()
    if health["processors"] != "shared":
        # Then its priority is what speaks for the others.
        own = os.getpriority(os.PRIO_PROCESS, ground.server.process.pid)
        assert attacker.out("os.getpriority(os.PRIO_PROCESS, 0)") == str(min(own + 10, 19))
        return
    spin = "for n in 1 2 3 4 5 6; do while :; do :; done & done; wait"
    task = attacker.call("startCommandExecution", command=spin)["structuredContent"]["taskId"]
    assert ground.neighbour.out("sum(range(1000))") == "499500"
    attacker.call("stopTask", taskId=task)
    # A machine that is busy elsewhere may never give it the whole processor that it is held to; so much it does.
    frugal = new_server(SANDBOX_CPUS="0.1")
    Session.start(frugal.client()).call("startCommandExecution", command=spin)
    poll_until(lambda: any(throttled(group) for group in frugal.groups()))


def throttled(group: Path) -> bool:
    figures = [line for file in group.glob("*/cpu.stat") for line in file.read_text().splitlines()]
    return any(line.startswith("nr_throttled ") and line.split()[1] != "0" for line in figures)


SPIN = "pass" if LONG else "time.sleep(60)"
"""In the short form, who will not end only waits, which takes no processor."""
STUBBORN = {
    "ignores SIGINT": "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass",
    "ignores every signal": f"""
import signal
for number in range(1, 65):
    try: signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError): pass
while True: {SPIN}
""",
    "blocks every signal": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nwhile True: pass",
    "swallows what is raised": f"while 1:\n  try:\n    for _ in iter(int, 1): {SPIN}\n  except BaseException: pass",
    "counts in C": "sum(range(10 ** 12))",
    "waits in C": "lock = (ctypes.c_char * 64)()\n_c.pthread_mutex_lock(lock)\n_c.pthread_mutex_lock(lock)",
    "loops in destructors": "class A:\n    def __del__(s):\n        while True: pass\nwhile True: A()",
}
SHORT_STUBBORN = ("ignores every signal", "swallows what is raised", "waits in C")


@pytest.fixture(scope="module", params=ONE_KIND)
def impatient(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A server that ends soon what will not end."""
    opened = Ground.open(request.param, SANDBOX_GRACE_SECONDS="0.3", SANDBOX_PRELOAD="false", SANDBOX_WARM_SESSIONS="1")
    yield opened
    opened.server.stop()


@pytest.mark.parametrize("name", STUBBORN if LONG else SHORT_STUBBORN)
def test_does_not_listen_to_the_interrupt_ends_with_its_session(impatient: Ground, name: str) -> None:
    attacker = impatient.attacker()
    outcome = attacker.run(STUBBORN[name], wall="0.5")
    assert (outcome.limit, outcome.exit_code) == ("timeout", 137)
    assert attacker.status() == "TERMINATED"
    impatient.check(attacker)


# --- output

FLOODS = {
    "lines": "while True: print('y' * 100_000)",
    "no newline": "while True: sys.stdout.write('y' * 100_000)",
    "stderr": "while True: os.write(2, b'y' * 100_000)",
    "NULs": "while True: os.write(1, bytes(100_000))",
    "bytes that are no text": "while True: os.write(1, b'\\xff' * 100_000)",
    "a child": "import subprocess; subprocess.run(['yes'])",
}


@pytest.mark.parametrize(("ground", "name"), in_turns(FLOODS), indirect=["ground"])
def test_prints_without_end_is_cut_stopped_and_goes_on(attacker: Session, name: str) -> None:
    outcome = attacker.run(f"x = 1\n{FLOODS[name]}")
    assert outcome.limit == "output-limit"
    text = outcome.stdout + outcome.stderr
    assert len(text) < 500_000 and "[output cut after 64 KB]" in text
    assert attacker.out("x") == "1"


TRACEBACKS = {
    "a long message": "raise ValueError('x' * 1_000_000)",
    "a message without end": "class E(Exception):\n    def __str__(s): return 'x' * 1_000_000\nraise E",
    "a message that fails": "class E(Exception):\n    def __str__(s): raise E\nraise E",
    "a long line": "x = " + "1 + " * 50_000 + "y",
    "a long chain": "def f(n):\n    try:\n        if n: f(n - 1)\n    finally: raise ValueError(n)\nf(80)",
    "surrogates": "raise ValueError('\\ud800' * 1000)",
}


@pytest.mark.parametrize(("ground", "name"), in_turns(TRACEBACKS), indirect=["ground"])
def test_raises_something_monstrous_is_shown_bounded(attacker: Session, name: str) -> None:
    outcome = attacker.run(TRACEBACKS[name])
    assert outcome.exit_code == 1 and len(outcome.stderr) < 100_000
    assert attacker.out("'usable'") == "'usable'"


# --- the control channel

FRAMES = {
    "noise": "b'\\xff' * 5000",
    "a length beyond all": "struct.pack('!I', 1 << 31)",
    "the end of another run": "framed({'ended': 'x', 'exitCode': 0})",
    "a list": "framed([])",
    "a failure": "framed({'failed': 'x'})",
    "a start": "framed({'started': 'x'})",
    "deep": "struct.pack('!I', 4000) + b'[' * 4000",
    "no JSON": "struct.pack('!I', 3) + b'NaN'",
    "a number beyond all": "framed({'ended': run, 'exitCode': 10 ** 400})",
    "an exit code that is none": "framed({'ended': run, 'exitCode': 256})",
    "its end twice": "framed({'ended': run, 'exitCode': 0, 'left': True}) * 2",
}
LISTEN_IN = """
import gc, json
[runner] = [thing for thing in gc.get_objects() if type(thing).__name__ == 'Runner']
heard, inner = [], runner._run
runner._run = lambda request: (heard.append(request['run']), inner(request))[1]
def framed(message):
    body = json.dumps(message).encode()
    return struct.pack('!I', len(body)) + body
"""
FORGE = "run = heard[-1]\nos.write(3, {frame})\ntime.sleep(60)"


@pytest.mark.parametrize(("ground", "name"), in_turns(FRAMES), indirect=["ground"])
def test_forges_control_frames_ends_its_session(attacker: Session, name: str) -> None:
    assert attacker.run(LISTEN_IN).exit_code == 0
    outcome = attacker.run(FORGE.format(frame=FRAMES[name]))
    assert outcome.limit == "protocol-violation"


@on_one_kind
def test_forges_its_own_end_fools_itself_alone(attacker: Session) -> None:
    """The number of its run is in its own memory. Then the run is over, and what goes on is in nobody's way."""
    assert attacker.run(LISTEN_IN).exit_code == 0
    outcome = attacker.run(FORGE.format(frame="framed({'ended': run, 'exitCode': 0, 'left': False})"))
    assert (outcome.exit_code, outcome.limit) == (0, None)


@on_one_kind
def test_sends_descriptors_to_the_server_leaves_it_none(attacker: Session, ground: Ground) -> None:
    process = psutil.Process(ground.server.process.pid)
    before = process.num_fds()
    attacker.run(
        "with socket.socket(fileno=os.dup(3)) as control:\n"
        "    kept = [os.open('/dev/null', 0) for _ in range(50)]\n"
        "    for _ in range(20): socket.send_fds(control, [b'\\0\\0\\0\\2{}'], kept)\ntime.sleep(60)"
    )
    poll_until(lambda: process.num_fds() <= before)


@on_one_kind
def test_prints_a_forged_end_is_not_believed(attacker: Session) -> None:
    outcome = attacker.run('print(\'{"ended": 1, "exitCode": 0}\'); raise ValueError')
    assert outcome.exit_code == 1


@on_one_kind
def test_closes_every_descriptor_ends_its_session(attacker: Session) -> None:
    assert attacker.run("os.closerange(0, 4096)").limit == "session-ended"


@on_one_kind
def test_replaces_its_descriptors_ends_its_session_at_most(attacker: Session) -> None:
    attacker.run("null = os.open('/dev/null', os.O_RDWR)\nfor n in (1, 2, 3): os.dup2(null, n)")


# --- files


def test_links_out_of_its_folder_is_not_followed(attacker: Session) -> None:
    attacker.run(
        "os.symlink('/etc', 'etc'); os.symlink('/etc/passwd', 'p'); os.mkfifo('f'); os.symlink('.', 'loop')\n"
        "os.symlink('/proc/self/fd', 'fds'); os.symlink('../../etc/passwd', 'up')\n"
        "s = socket.socket(socket.AF_UNIX); s.bind('/session/socket'); s.listen()"
    )
    for path in ("etc/passwd", "p", "f", "fds/0", "up", "loop/p", "socket", "etc"):
        assert attacker.call("readFiles", paths=[path])["isError"], path
    for path in ("etc/new", "loop/x", "fds/1"):
        assert attacker.call("writeFiles", content=[{"path": path, "text": ""}])["isError"], path
    for folder in ("etc", "loop", "fds", "p"):
        assert attacker.call("listFiles", directoryPath=folder)["isError"], folder
    # Writing to a name that is a link replaces the link, and removing it removes the link.
    assert not attacker.call("writeFiles", content=[{"path": "p", "text": "mine"}])["isError"]
    assert attacker.out("os.path.islink('p'), open('p').read()") == "(False, 'mine')"
    assert not attacker.call("removeFiles", paths=["etc"])["isError"]
    assert attacker.out("os.path.isdir('/etc')") == "True"


@on_one_kind
def test_asks_for_a_path_that_leads_out_is_refused(attacker: Session) -> None:
    for path in ("../x", "/etc/passwd", "a/../../x", "a\0b", "", "."):
        for name, arguments in (
            ("readFiles", {"paths": [path]}),
            ("writeFiles", {"content": [{"path": path, "text": "x"}]}),
            ("removeFiles", {"paths": [path]}),
        ):
            with pytest.raises(attacker.client.exceptions.ValidationException):
                attacker.invoke(name, **arguments)
                pytest.fail(f"{name} took {path!r}")


def test_swaps_a_folder_for_a_link_while_files_are_read_never_gets_out(attacker: Session) -> None:
    attacker.run("os.mkdir('d'); open('d/passwd', 'w').write('mine'); os.symlink('/etc', 'l')")
    swap = "import ctypes; c = ctypes.CDLL(None)\nwhile True: c.renameat2(-100, b'd', -100, b'l', 2)"
    attacker.call("writeFiles", content=[{"path": "swap.py", "text": swap}])
    attacker.call("startCommandExecution", command="python swap.py")
    seen = set()
    for _ in range(400 if LONG else 60):
        result = attacker.call("readFiles", paths=["d/passwd"])
        seen.add("refused" if result["isError"] else result["content"][0]["resource"]["text"])
    assert seen <= {"refused", "mine"}


def test_gives_files_names_that_are_no_text_is_listed(attacker: Session) -> None:
    attacker.run("open(b'\\xff\\xfe', 'w').close(); open('a\\nb', 'w').close(); open('\\x1b[31m', 'w').close()")
    names = {block["name"] for block in attacker.call("listFiles", directoryPath="")["content"]}
    assert names == {"\\xff\\xfe", "a\nb", "\x1b[31m"}


def test_makes_a_file_larger_than_it_is_is_read_within_bounds(attacker: Session) -> None:
    attacker.run("f = open('sparse', 'wb'); f.truncate(60 << 20); f.close()")
    assert attacker.call("readFiles", paths=["sparse"])["isError"]


def test_takes_the_rights_of_its_files_hurts_no_reader(attacker: Session) -> None:
    attacker.run("open('closed', 'w').write('x'); os.chmod('closed', 0); os.mkdir('shut'); os.chmod('shut', 0)")
    attacker.call("readFiles", paths=["closed"])
    attacker.call("listFiles", directoryPath="shut")
    assert attacker.out("'usable'") == "'usable'"
