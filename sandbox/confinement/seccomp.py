"""The system call filter: what a session may ask of the kernel, by an allow-list.

Namespaces and limits do not stop nested user namespaces, ptrace, io_uring, memfd past the memory limit, keyrings,
System V memory, odd socket families; this filter does. Whatever is not named here answers EPERM, and `clone3` answers
ENOSYS so that the C library falls back to `clone`, whose flags a filter can see.
"""

from __future__ import annotations

import errno
from typing import Final

from sandbox.confinement import kernel, syscall_numbers
from sandbox.confinement.bpf import ARCHITECTURE_OFFSET, NUMBER_OFFSET, Program, argument_offset

ALLOW: Final = 0x7FFF_0000
KILL_PROCESS: Final = 0x8000_0000
_ERRNO: Final = 0x0005_0000
DENY: Final = _ERRNO | errno.EPERM
NOT_THERE: Final = _ERRNO | errno.ENOSYS

# AUDIT_ARCH_* of linux/audit.h, and the table of numbers.
ARCHITECTURES: Final = {
    "x86_64": (0xC000_003E, syscall_numbers.X86_64),
    "aarch64": (0xC000_00B7, syscall_numbers.AARCH64),
}
_X32_BIT: Final = 0x4000_0000

# CLONE_NEWNS|CGROUP|UTS|IPC|USER|PID|NET|TIME.
NAMESPACE_FLAGS: Final = 0x7E02_0080
_SOCKET_FAMILIES: Final = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: the network namespace is empty
# TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX: what files and pipes are asked. Never TIOCSTI.
_IOCTLS: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# PDEATHSIG, GET_DUMPABLE, SET_NAME, GET_NAME, GET_SECCOMP, CAPBSET_READ, timer slack, GET_NO_NEW_PRIVS, SET_VMA.
# PR_SET_DUMPABLE is left out: a process that hides its memory figures would hide from the watchdog.
_PRCTLS: Final = (1, 3, 15, 16, 21, 23, 29, 30, 39, 0x5356_4D41)
_S_IFMT: Final = 0o170000
_MAKEABLE: Final = (0, 0o100000, 0o010000)  # a plain file or a FIFO, no device

# Allowed only by their arguments: name, index of the argument, bits looked at, accepted values.
_BY_ARGUMENT: Final[tuple[tuple[str, int, int, tuple[int, ...]], ...]] = (
    ("clone", 0, NAMESPACE_FLAGS, (0,)),
    ("socket", 0, 0xFFFF_FFFF, _SOCKET_FAMILIES),
    ("socketpair", 0, 0xFFFF_FFFF, (1,)),
    ("ioctl", 1, 0xFFFF_FFFF, _IOCTLS),
    ("prctl", 0, 0xFFFF_FFFF, _PRCTLS),
    ("mknod", 1, _S_IFMT, _MAKEABLE),
    ("mknodat", 2, _S_IFMT, _MAKEABLE),
)


def ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """Sorted, inclusive ranges that cover exactly these numbers."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def build_filter(architecture: str) -> bytes:
    """The filter for `x86_64` or `aarch64`, ready for the kernel; KeyError for any other name."""
    audit_arch, table = ARCHITECTURES[architecture]
    special = {"clone3", *(name for name, *_ in _BY_ARGUMENT)}
    plain = ranges([number for name, number in table.items() if name not in special])

    program = Program()
    program.load(ARCHITECTURE_OFFSET)
    program.if_equal(audit_arch, false="wrong architecture")
    program.load(NUMBER_OFFSET)
    program.if_at_least(_X32_BIT, true="wrong architecture")
    program.if_equal(table["clone3"], true="not there")
    for name, *_ in _BY_ARGUMENT:
        if name in table:
            program.if_equal(table[name], true=name)
    # Sorted ranges: a number below the next one's start lies in a gap.
    for low, high in plain:
        program.if_at_least(low, false="deny")
        program.if_greater(high, false="allow")
    program.label("deny")
    program.answer(DENY)
    program.label("wrong architecture")
    program.answer(KILL_PROCESS)
    program.label("not there")
    program.answer(NOT_THERE)
    program.label("allow")
    program.answer(ALLOW)
    for name, index, bits, accepted in _BY_ARGUMENT:
        if name not in table:
            continue
        program.label(name)
        program.load(argument_offset(index))
        program.mask(bits)
        for value in accepted:
            program.if_equal(value, true=f"{name} allowed")
        program.answer(DENY)
        program.label(f"{name} allowed")
        program.answer(ALLOW)
    return program.assemble()


def confine_system_calls(program: bytes) -> None:
    """Load the filter for this process and all it will ever start; it can't be taken off again."""
    kernel.install_filter(program)
