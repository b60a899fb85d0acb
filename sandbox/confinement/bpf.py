"""A tiny assembler for classic BPF as seccomp uses it: instructions, labels, and jumps that are resolved once.

A conditional jump of classic BPF reaches 255 instructions at most; the assembler refuses longer ones and never
wraps round, for a wrapped jump would quietly allow what was to be denied.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

# Instruction classes and modes, from linux/bpf_common.h.
_LD_W_ABS: Final = 0x20
_JMP_JEQ_K: Final = 0x15
_JMP_JGT_K: Final = 0x25
_JMP_JGE_K: Final = 0x35
_JMP_JSET_K: Final = 0x45
_ALU_AND_K: Final = 0x54
_RET_K: Final = 0x06

# Where struct seccomp_data keeps its fields (seccomp(2)); both architectures here are little-endian.
NUMBER_OFFSET: Final = 0
ARCHITECTURE_OFFSET: Final = 4


def argument_offset(index: int) -> int:
    """Offset of the low 32 bits of a system call's argument `index` (0 to 5)."""
    return 16 + 8 * index


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction; `true` and `false` name the labels jumped to, None meaning the next instruction."""

    code: int
    operand: int
    true: str | None = None
    false: str | None = None


class JumpTooFar(ValueError):
    """A conditional jump would have to skip more than 255 instructions, or goes backwards."""


class Program:
    """Instructions and labels in order; `assemble` gives the bytes that the kernel takes."""

    def __init__(self) -> None:
        self._instructions: list[Instruction] = []
        self._labels: dict[str, int] = {}

    def label(self, name: str) -> None:
        """The next instruction is the one that jumps to `name` reach."""
        if name in self._labels:
            raise ValueError(f"label {name!r} is set twice")
        self._labels[name] = len(self._instructions)

    def load(self, offset: int) -> None:
        """Load the 32-bit word at `offset` of seccomp_data into the accumulator."""
        self._instructions.append(Instruction(_LD_W_ABS, offset))

    def mask(self, bits: int) -> None:
        """Keep only these bits of the accumulator."""
        self._instructions.append(Instruction(_ALU_AND_K, bits))

    def if_equal(self, value: int, true: str | None = None, false: str | None = None) -> None:
        """Jump by accumulator == value."""
        self._instructions.append(Instruction(_JMP_JEQ_K, value, true, false))

    def if_greater(self, value: int, true: str | None = None, false: str | None = None) -> None:
        """Jump by accumulator > value, unsigned."""
        self._instructions.append(Instruction(_JMP_JGT_K, value, true, false))

    def if_at_least(self, value: int, true: str | None = None, false: str | None = None) -> None:
        """Jump by accumulator >= value, unsigned."""
        self._instructions.append(Instruction(_JMP_JGE_K, value, true, false))

    def if_any_bit(self, bits: int, true: str | None = None, false: str | None = None) -> None:
        """Jump by (accumulator & bits) != 0."""
        self._instructions.append(Instruction(_JMP_JSET_K, bits, true, false))

    def answer(self, verdict: int) -> None:
        """End the program with a seccomp return value."""
        self._instructions.append(Instruction(_RET_K, verdict))

    def assemble(self) -> bytes:
        """The program as an array of struct sock_filter. Raises JumpTooFar, and KeyError for an unknown label."""
        return b"".join(
            struct.pack(
                "=HBBI",
                instruction.code,
                self._distance(position, instruction.true),
                self._distance(position, instruction.false),
                instruction.operand & 0xFFFF_FFFF,
            )
            for position, instruction in enumerate(self._instructions)
        )

    def _distance(self, position: int, label: str | None) -> int:
        if label is None:
            return 0
        distance = self._labels[label] - position - 1
        if not 0 <= distance <= 255:
            raise JumpTooFar(f"{label!r} is {distance} instructions away")
        return distance
