"""The checks of style and types, two at a time; all run, so that one round shows everything there is to mend."""

import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

CHECKS = (
    ("embedded.page", "--", "run", "lint"),  # first, since it may have to install the page's packages
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
)


def run(check: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """One check, with all that it says."""
    return subprocess.run(
        [sys.executable, "-m", *check], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def main() -> int:
    """Run the checks with this interpreter's packages; 1 if one of them failed."""
    failed = []
    with ThreadPoolExecutor(2) as two:
        for check, done in zip(CHECKS, two.map(run, CHECKS), strict=True):
            print(f"$ {' '.join(check)}\n{done.stdout.strip()}", flush=True)
            if done.returncode != 0:
                failed.append(" ".join(check))
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
