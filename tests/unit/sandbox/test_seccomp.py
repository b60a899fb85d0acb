"""The filter's program, run by a small interpreter of classic BPF: which calls pass, and with which arguments."""

import errno
import struct

import pytest

from sandbox.confinement import seccomp
from sandbox.confinement.bpf import JumpTooFar, Program

CLONE_NEWUSER, CLONE_THREAD_FLAGS = 0x10000000, 0x003D0F00


def run(program: bytes, arch: int, number: int, *arguments: int) -> int:
    """What the kernel would answer; struct seccomp_data is laid out as seccomp(2) has it."""
    words = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("=iIQ6Q", number, arch, 0, *words)
    code = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    accumulator = position = 0
    while True:
        operation, true, false, operand = code[position]
        position += 1
        if operation == 0x20:
            accumulator = struct.unpack_from("=I", data, operand)[0]
        elif operation == 0x54:
            accumulator &= operand
        elif operation == 0x06:
            return int(operand)
        else:
            holds = {
                0x15: accumulator == operand,
                0x25: accumulator > operand,
                0x35: accumulator >= operand,
                0x45: bool(accumulator & operand),
            }[operation]
            position += true if holds else false


@pytest.fixture(params=["x86_64", "aarch64"])
def machine(request: pytest.FixtureRequest) -> tuple[bytes, int, dict[str, int]]:
    arch, table = seccomp.ARCHITECTURES[request.param]
    return seccomp.build_filter(request.param), arch, table


def test_every_named_call_without_conditions_is_allowed_and_every_other_denied(
    machine: tuple[bytes, int, dict[str, int]],
) -> None:
    program, arch, table = machine
    conditional = {"clone", "clone3", "socket", "socketpair", "ioctl", "prctl", "mknod", "mknodat"}
    allowed = {number for name, number in table.items() if name not in conditional}
    special = {table[name] for name in conditional if name in table}
    for number in range(600):
        if number in special:
            continue
        expected = seccomp.ALLOW if number in allowed else seccomp.DENY
        assert run(program, arch, number) == expected, number


def test_clone_makes_threads_and_processes_but_no_namespaces(machine: tuple[bytes, int, dict[str, int]]) -> None:
    program, arch, table = machine
    assert run(program, arch, table["clone"], CLONE_THREAD_FLAGS) == seccomp.ALLOW
    assert run(program, arch, table["clone"], CLONE_NEWUSER | 17) == seccomp.DENY
    assert run(program, arch, table["clone3"]) == seccomp.NOT_THERE
    assert seccomp.NOT_THERE & 0xFFFF == errno.ENOSYS


@pytest.mark.parametrize(("family", "verdict"), [(1, seccomp.ALLOW), (16, seccomp.DENY), (40, seccomp.DENY)])
def test_sockets_are_of_plain_families_only(
    machine: tuple[bytes, int, dict[str, int]], family: int, verdict: int
) -> None:
    program, arch, table = machine
    assert run(program, arch, table["socket"], family) == verdict


def test_a_terminal_can_not_be_typed_into_and_no_device_made(machine: tuple[bytes, int, dict[str, int]]) -> None:
    program, arch, table = machine
    tiocsti, tcgets, block_device, fifo = 0x5412, 0x5401, 0o060000, 0o010644
    assert run(program, arch, table["ioctl"], 0, tiocsti) == seccomp.DENY
    assert run(program, arch, table["ioctl"], 0, tcgets) == seccomp.ALLOW
    assert run(program, arch, table["mknodat"], 0, 0, block_device) == seccomp.DENY
    assert run(program, arch, table["mknodat"], 0, 0, fifo) == seccomp.ALLOW


def test_calls_of_another_architecture_kill(machine: tuple[bytes, int, dict[str, int]]) -> None:
    program, arch, table = machine
    assert run(program, 0x40000003, table["read"]) == seccomp.KILL_PROCESS  # i386
    assert run(program, arch, table["read"] | 0x40000000) == seccomp.KILL_PROCESS  # x32


@pytest.mark.parametrize("name", ["ptrace", "unshare", "setns", "mount", "bpf", "io_uring_setup", "memfd_create"])
def test_dangerous_calls_are_in_no_table(name: str) -> None:
    assert all(name not in table for _, table in seccomp.ARCHITECTURES.values())


def test_a_jump_that_is_too_far_is_refused() -> None:
    program = Program()
    program.if_equal(1, true="end")
    for _ in range(256):
        program.load(0)
    program.label("end")
    program.answer(seccomp.ALLOW)
    with pytest.raises(JumpTooFar):
        program.assemble()
