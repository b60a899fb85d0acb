"""`python -m api.openapi`: write the OpenAPI document to `docs/openapi.json`, or check that it is up to date."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from api.app import create_app
from core.settings import Settings

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is out of date")
    check = parser.parse_args().check
    text = json.dumps(create_app(Settings.load()).openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    if not check:
        DOCUMENT.write_text(text)
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != text:
        print("docs/openapi.json is out of date: run `python -m api.openapi` and commit it.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
