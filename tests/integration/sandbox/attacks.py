"""What untrusted code tries, by family: each a cell whose last value must be one of those accepted.

All but those of the family `excess` leave their session as it was. Attacks that need more than one cell are tests of
their own, in `test_attacks.py` and `test_bombs.py`.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

from ground import KINDS, LONG, told_backwards

REFUSED = ("'EPERM'", "'EACCES'", "'ENOENT'", "'EROFS'")
UNREACHED = ("'ENETUNREACH'", "'ECONNREFUSED'", "'EADDRNOTAVAIL'", "'EACCES'", "'EPERM'", "'EHOSTUNREACH'")


@dataclass(frozen=True)
class Attack:
    """One cell."""

    code: str
    accepted: tuple[str, ...] = REFUSED


def _tries(expression: str) -> str:
    return f"attempt(lambda: {expression})"


def _writes(path: str, what: bytes) -> Attack:
    return Attack(_tries(f"os.write(os.open({path!r}, os.O_WRONLY), {what!r})"))


SECRETS = {
    "environ": Attack("[n for n in os.environ if 'SECRET' in n or 'AWS' in n or n.startswith('SANDBOX')]", ("[]",)),
    "proc environ of itself": Attack(_tries("open('/proc/self/environ').read()"), ("''",)),
    "proc environ of init": Attack(_tries("open('/proc/1/environ').read()")),
    "every environ there is": Attack(
        "import glob\nfound = ''.join(str(attempt(lambda: open(p).read())) for p in glob.glob('/proc/*/environ'))\n"
        f"{told_backwards()!r}[::-1] in found or 'SANDBOX' in found",
        ("False",),
    ),
    "its own memory": Attack(
        f"""
wanted = {told_backwards().encode()!r}
found = 0
with open('/proc/self/maps') as maps, open('/proc/self/mem', 'rb') as memory:
    for line in maps:
        where, rights, *_ = line.split()
        low, high = (int(end, 16) for end in where.split('-'))
        if rights.startswith('r') and high - low < 1 << 28:
            try:
                memory.seek(low)
                piece = memory.read(high - low)
            except (OSError, ValueError, OverflowError):
                continue
            at = piece.find(wanted[::-1])
            # This very search makes the bytes: only what others hold counts.
            found += at != -1 and b'SANDBOX_SECRET_ACCESS_KEY=' in piece
found
""",
        ("0", "False"),
    ),
    "command line of the host": Attack(_tries("open('/proc/cmdline').read()")),
    "kernel memory": Attack(_tries("open('/proc/kcore', 'rb').read(1)")),
    "kernel log": Attack(_tries("open('/dev/kmsg').read(1)")),
    "host keys": Attack(_tries("os.listdir('/etc/ssh')")),
    "passwords": Attack(_tries("open('/etc/shadow').read()")),
    "names of the host's users": Attack(
        "[line.split(':')[0] for line in open('/etc/passwd')]", ("['root', 'sandbox']",)
    ),
    "name of the host": Attack("socket.gethostname()", ("'sandbox'",)),
    "home of root": Attack(_tries("os.listdir('/root')"), (*REFUSED, "[]", "['.pyenv']")),
    "credentials file of AWS": Attack(_tries("open('/root/.aws/credentials').read()")),
    "container secrets": Attack(_tries("os.listdir('/run/secrets')")),
}

FILES = {
    "host root through init": Attack(_tries("os.listdir('/proc/1/root')")),
    "host root through its parent": Attack(_tries("os.listdir(f'/proc/{os.getppid()}/root')")),
    "old root": Attack(_tries("os.listdir('/.host')")),
    "sysfs": Attack(_tries("os.listdir('/sys')")),
    "proc sys": Attack(_tries("os.listdir('/proc/sys')")),
    "docker socket": Attack(_tries("os.stat('/var/run/docker.sock')")),
    "up and out": Attack(
        "os.chdir('/session/../../../..'); seen = set(os.listdir('.')); os.chdir('/session')\n"
        "sorted(seen & {'boot', 'mnt', 'media', 'srv'})",
        ("[]",),
    ),
    "a descriptor left open on a folder": Attack(
        "[os.readlink(f'/proc/self/fd/{n}') for n in range(3, 64) if os.path.exists(f'/proc/self/fd/{n}')"
        " and os.path.isdir(f'/proc/self/fd/{n}')]",
        ("[]",),
    ),
    "a file by its handle": Attack("system(304, -100, 0, 0)", ("'EPERM'", "'ENOSYS'")),
    "writes to usr": Attack(_tries("open('/usr/x', 'w')")),
    "writes to the root": Attack(_tries("open('/x', 'w')")),
    "writes users": Attack(_tries("open('/etc/passwd', 'a')")),
    "writes its packages": Attack(_tries("open(os.path.join(os.path.dirname(os.__file__), 'x.py'), 'w')")),
    "writes its interpreter": Attack(
        _tries("os.open(os.path.realpath(sys.executable), os.O_WRONLY)"), (*REFUSED, "'ETXTBSY'")
    ),
    "changes rights in usr": Attack(_tries("os.chmod('/usr/bin/env', 0o777)")),
    "links into usr": Attack(_tries("os.link('/usr/bin/env', '/session/env')"), (*REFUSED, "'EXDEV'")),
    "its id map": _writes("/proc/self/uid_map", b"0 0 1"),
    "host name through proc": _writes("/proc/sys/kernel/hostname", b"x"),
    "core pattern": _writes("/proc/sys/kernel/core_pattern", b"|/x"),
    "sysrq": _writes("/proc/sysrq-trigger", b"h"),
    "spares itself when memory runs out": _writes("/proc/self/oom_score_adj", b"-1000"),
    "takes off its groups": _writes("/sys/fs/cgroup/cgroup.procs", b"0"),
    "a device": Attack(_tries("os.mknod('/session/sda', 0o60666, os.makedev(8, 0))")),
    "a set-uid program": Attack(
        "import shutil, subprocess; shutil.copy('/usr/bin/env', 'env'); os.chmod('env', 0o6755)\n"
        "subprocess.run(['./env', sys.executable, '-Ic', 'import os; print(os.geteuid() == os.getuid())'],"
        " capture_output=True, text=True).stdout",
        ("'True\\n'",),
    ),
    "becomes another": Attack(
        "import subprocess; subprocess.run(['su', '-c', 'id'], capture_output=True, stdin=0).returncode != 0", ("True",)
    ),
    "runs a program from shared memory": Attack(
        "import shutil; shutil.copy('/usr/bin/env', '/dev/shm/env'); os.chmod('/dev/shm/env', 0o755)\n"
        + _tries("os.execv('/dev/shm/env', ['env'])")
    ),
}

NETWORK = {
    "metadata address": Attack(_tries("socket.create_connection(('169.254.169.254', 80), 2)"), UNREACHED),
    "metadata over IPv6": Attack(_tries("socket.create_connection(('fd00:ec2::254', 80), 2)"), UNREACHED),
    "a name server": Attack(_tries("socket.create_connection(('1.1.1.1', 53), 2)"), UNREACHED),
    "a datagram": Attack(_tries("socket.socket(2, 2).sendto(b'x', ('8.8.8.8', 53))"), UNREACHED),
    "a name": Attack(
        "import socket\ntry: print(socket.getaddrinfo('example.com', 80))\nexcept OSError as e: print('no')", ("no",)
    ),
    "a broadcast": Attack(_tries("socket.socket(2, 2).sendto(b'x', ('255.255.255.255', 9))"), UNREACHED),
    "container host": Attack(_tries("socket.create_connection(('172.17.0.1', 22), 2)"), UNREACHED),
    "other interfaces": Attack(_tries("socket.if_nameindex()"), (*REFUSED, "[(1, 'lo')]")),
    "raw sockets": Attack(_tries("socket.socket(2, 3, 1)")),
    "a promise to be root in its network": Attack(
        _tries("socket.socket(2, 1).setsockopt(1, 36, 1)"), (*REFUSED, "None")
    ),
} | {
    f"family {family}": Attack(_tries(f"socket.socket({family}, {kind}, 0)"), ("'EPERM'",))
    for family, kind in ((16, 3), (17, 3), (38, 5), (40, 1), (31, 3), (29, 3), (44, 3), (15, 3), (21, 5), (30, 1))
}

# Numbers of x86_64; the filter's own test covers aarch64.
_CALLS = {
    "unshare user": (272, 0x10000000), "unshare mounts": (272, 0x20000), "setns": (308, 0, 0),
    "mount": (165, 0, 0, 0, 0, 0), "umount2": (166, 0, 2), "pivot_root": (155, 0, 0), "chroot": (161, 0),
    "open_tree": (428, -100, 0, 0), "move_mount": (429, -100, 0, -100, 0, 0), "fsopen": (430, 0, 0),
    "mount_setattr": (442, -100, 0, 0, 0, 0), "ptrace": (101, 0, 0, 0, 0), "ptrace of init": (101, 16, 1, 0, 0),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, 3, 0, 0), "kcmp": (312, 1, 1, 0, 0, 0), "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0), "userfaultfd": (323, 0), "io_uring_setup": (425, 8, 0),
    "io_uring_enter": (426, 0, 0, 0, 0, 0), "memfd_create": (319, 0, 0), "memfd_secret": (447, 0),
    "add_key": (248, 0, 0, 0, 0, 0), "request_key": (249, 0, 0, 0, 0), "keyctl": (250, 0, 0, 0),
    "shmget": (29, 0, 4096, 0o1777), "semget": (64, 0, 1, 0o1777), "msgget": (68, 0, 0o1777),
    "mq_open": (240, 0, 66, 0o600, 0),
    "personality": (135, 0x40000), "init_module": (175, 0, 0, 0), "finit_module": (313, 0, 0, 0),
    "delete_module": (176, 0, 0), "kexec_load": (246, 0, 0, 0, 0), "reboot": (169, 0, 0, 0, 0), "swapon": (167, 0, 0),
    "settimeofday": (164, 0, 0), "clock_settime": (227, 0, 0), "adjtimex": (159, 0), "iopl": (172, 3),
    "ioperm": (173, 0, 1, 1), "modify_ldt": (154, 0, 0, 0), "sethostname": (170, 0, 0), "syslog": (103, 3, 0, 0),
    "acct": (163, 0), "quotactl": (179, 0, 0, 0, 0), "fanotify_init": (300, 0, 0), "open_by_handle_at": (304, 0, 0, 0),
    "set_mempolicy": (238, 0, 0, 0), "migrate_pages": (256, 0, 0, 0, 0), "move_pages": (279, 1, 0, 0, 0, 0, 0),
    "process_madvise": (440, 0, 0, 0, 0, 0), "setuid": (105, 0), "setresuid": (117, 0, 0, 0), "setgroups": (116, 0, 0),
    "capset": (126, 0, 0), "seccomp": (317, 1, 0, 0), "prctl dumpable": (157, 4, 0, 0, 0, 0),
    "prctl keep capabilities": (157, 8, 1, 0, 0, 0), "prctl ambient": (157, 47, 2, 21, 0, 0),
    "prctl subreaper": (157, 36, 1, 0, 0, 0), "sched_setscheduler": (144, 0, 1, 0), "ioprio_set": (251, 1, 0, 0),
    "clone into a user namespace": (56, 0x10000011, 0, 0, 0, 0), "clone into a network": (56, 0x40000011, 0, 0, 0, 0),
    "a terminal typed into": (16, 0, 0x5412, 0), "landlock_create_ruleset": (444, 0, 0, 1), "vhangup": (153,),
    "remap_file_pages": (216, 0, 0, 0, 0, 0), "name_to_handle_at": (303, -100, 0, 0, 0, 0),
    "setxattr": (188, 0, 0, 0, 0, 0),
}  # fmt: skip

KERNEL = {
    name: Attack(f"system({', '.join(map(str, call))})", ("'EPERM'", "'ENOSYS'"))
    for name, call in _CALLS.items()
    if platform.machine() == "x86_64"
} | {
    "clone3 is not there": Attack("system(435, 0, 0)", ("'ENOSYS'",)),
    "capabilities": Attack(
        "{line.split()[1] for line in open('/proc/self/status') if line[:3] == 'Cap'}", ("{'0000000000000000'}",)
    ),
    "new privileges": Attack(
        "[line.split()[1] for line in open('/proc/self/status') if line[:3] == 'NoN']", ("['1']",)
    ),
}

LIMITS = {
    f"raises {name}": Attack(
        f"import resource\ntry:\n    resource.setrlimit(resource.RLIMIT_{name}, (resource.RLIM_INFINITY,) * 2)\n"
        "    print('raised')\nexcept ValueError:\n    print('refused')",
        ("refused",),
    )
    for name in ("AS", "NPROC", "NOFILE", "FSIZE", "CPU", "MSGQUEUE", "SIGPENDING", "MEMLOCK", "CORE")
} | {
    "raises its priority": Attack(_tries("os.setpriority(os.PRIO_PROCESS, 0, -20)")),
    "maps terabytes": Attack(
        "import mmap\ntry: mmap.mmap(-1, 1 << 42)\nexcept (OSError, MemoryError) as e: print('refused')", ("refused",)
    ),
    "locks memory": Attack("import mmap; m = mmap.mmap(-1, 64 << 20)\n_c.mlockall(3)", ("-1",)),
}

EXCESS = {
    "opens descriptors without end": Attack(
        "kept = []\n" + _tries("[kept.append(os.open('/dev/null', 0)) for _ in range(100_000)]"), ("'EMFILE'",)
    ),
    "pipes without end": Attack("kept = []\n" + _tries("[kept.append(os.pipe()) for _ in range(9999)]"), ("'EMFILE'",)),
    "timers without end": Attack(
        "timer = ctypes.c_void_p()\nmade = 0\n"
        "while made < 100_000 and 'answered' in system(222, 1, 0, ctypes.byref(timer)): made += 1\nmade < 1000",
        ("True",),
    ),
    "a file larger than the disk": Attack(
        "def grow():\n    with open('big', 'wb') as f: f.truncate(1 << 40)\n" + _tries("grow()"), ("'EFBIG'",)
    ),
    "reserves more than the disk": Attack(
        "def grow():\n    for n in range(9): os.posix_fallocate(os.open(f'r{n}', os.O_RDWR | 64), 0, 32 << 20)\n"
        + _tries("grow()"),
        ("'ENOSPC'",),
    ),
    "fills the temporary folder": Attack(
        "import tempfile\ndef grow(f=tempfile.TemporaryFile()):\n    while True: f.write(bytes(1 << 20))\n"
        + _tries("grow()"),
        ("'ENOSPC'",),
    ),
    "fills shared memory": Attack(
        "def grow(f=open('/dev/shm/x', 'wb')):\n    while True: f.write(bytes(1 << 20))\n" + _tries("grow()"),
        ("'ENOSPC'",),
    ),
    "empty files without end": Attack(
        "def fill():\n    for n in range(100_000): open(f'e{n}', 'w').close()\n" + _tries("fill()"), ("'ENOSPC'",)
    ),
    "folders within folders": Attack(
        "def dig():\n    for n in range(100_000): os.mkdir('d'); os.chdir('d')\n" + _tries("dig()"), ("'ENOSPC'",)
    ),
}

FAMILIES = {
    "secrets": SECRETS,
    "files": FILES,
    "network": NETWORK,
    "kernel": KERNEL,
    "limits": LIMITS,
    "excess": EXCESS,
}
SHARED = ("kernel", "excess")
"""Families that the kinds of server share in the short form: the filter, the limits and the mounts are the same."""


def rounds() -> list[tuple[str, str, tuple[str, ...]]]:
    """(kind of server, family, names): what is tried there in one session. In the long form that is one attack."""
    found: list[tuple[str, str, tuple[str, ...]]] = []
    for family, attacks in FAMILIES.items():
        for place, kind in enumerate(KINDS):
            names = tuple(attacks)[place :: len(KINDS)] if family in SHARED and not LONG else tuple(attacks)
            alone = LONG or family == "excess"
            found += [(kind, family, (name,)) for name in names] if alone else [(kind, family, names)]
    return found
