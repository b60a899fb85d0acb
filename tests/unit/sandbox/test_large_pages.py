"""The zygote's memory in large pages, and what a clone of it writes to in small ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import os
from sandbox.inside.warmup import use_large_pages

def kilobytes(name):
    return sum(int(line.split()[1]) for line in open("/proc/self/smaps_rollup") if line.startswith(name))

held = bytearray(b"x" * (32 << 20))
use_large_pages()
print(kilobytes("AnonHugePages"), held == b"x" * (32 << 20), flush=True)
if os.fork() == 0:
    before = kilobytes("Private_Dirty")
    for place in range(0, len(held), 1 << 20):
        held[place] = 0
    print(kilobytes("Private_Dirty") - before, flush=True)
    os._exit(0)
os.wait()
"""


LINUX = tuple(map(int, os.uname().release.split(".")[:2]))


@pytest.mark.skipif(LINUX < (6, 1), reason="MADV_COLLAPSE came with Linux 6.1")
def test_memory_is_in_large_pages_and_a_clone_copies_small_ones() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, check=True, capture_output=True, text=True)
    large, whole, written = done.stdout.split()
    assert int(large) > 0  # how many, rests on what is free
    assert whole == "True"
    assert int(written) < 4 << 10  # of 32 MB
