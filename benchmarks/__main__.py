"""`python -m benchmarks [name …]`: run them all, or those named, and print their tables."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys

NAMES = (
    "submit",
    "latency",
    "drain",
    "flat",
    "fairness",
    "recovery",
    "streams",
    "delivery",
    "tokens",
    "models",
    "lines",
    "storm",
    "sandbox",
    "sandbox_wire",
    "execute",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; all without one")
    names = parser.parse_args().names or NAMES
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    tables = []
    for name in names:
        print(f"{name} …", flush=True)
        tables.append(asyncio.run(importlib.import_module(f"benchmarks.{name}").run()).markdown())
    print("\n" + "\n\n".join(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main())
