"""`python -m core.operating settings|doctor`: what `aci settings` and `aci doctor` run where the service is installed.

Prints JSON: a list of settings, or of checks. Exit status 0, whatever the checks found: who reads them decides.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from core.operating.checks import all_checks
from core.operating.shown import all_settings


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m core.operating", description=__doc__)
    parser.add_argument("what", choices=("settings", "doctor"))
    if parser.parse_args().what == "settings":
        found = [one.view() for one in all_settings()]
    else:
        found = [one.view() for one in asyncio.run(all_checks())]
    json.dump(found, sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
