"""`python -m core.agents`: the agents of this environment, the pools that serve them, and the packages refused.

Each is a line of JSON on standard output; where a package was refused, the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import sys

from core.agents.registry import found


def main() -> int:
    argparse.ArgumentParser(prog="python -m core.agents", description=__doc__).parse_args()
    there = found()
    for name, spec in there.agents.items():
        print(json.dumps({"agent": name, "pool": spec.pool, "package": there.packages.get(name)}))
    for refusal in there.refused:
        print(json.dumps({"refused": refusal.package, "entry": refusal.entry, "reason": refusal.reason}))
    return 1 if there.refused else 0


if __name__ == "__main__":
    sys.exit(main())
