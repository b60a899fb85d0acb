"""`python -m api.openapi`: write the OpenAPI document to `docs/openapi.json`, or check that it is up to date.

The file has the built-in agents alone, whatever is installed beside them here: it is kept in the repository, and the
page is built from it. A running service adds its plugins to the document at `/v1/openapi.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "openapi.json"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m api.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the file is out of date")
    check = parser.parse_args().check
    text = document()
    if not check:
        DOCUMENT.write_text(text)
    elif not DOCUMENT.exists() or DOCUMENT.read_text() != text:
        print("docs/openapi.json is out of date: run `python -m api.openapi` and commit it.", file=sys.stderr)
        return 1
    return 0


def document() -> str:
    """The document as it is kept. To be asked before anything else of the API is imported."""
    # Requests are made of the agents when they are imported. Which credentials a route takes is worth knowing anyway.
    os.environ |= {"ACI_PLUGINS": "false", "ACI_AGENTS": "", "ACI_AUTH": "keys"}
    from api.app import create_app
    from core.settings import Settings

    text = json.dumps(create_app(Settings.load()).openapi(), indent=2, sort_keys=True, ensure_ascii=False)
    return text + "\n"


if __name__ == "__main__":
    sys.exit(main())
