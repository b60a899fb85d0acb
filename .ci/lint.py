"""The checks of style and types, one after the other; all run, so that one round shows everything there is to mend."""

import subprocess
import sys

CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("embedded.page", "--", "run", "lint"),
)


def main() -> int:
    """Run the checks with this interpreter's packages; 1 if one of them failed."""
    failed = []
    for check in CHECKS:
        print(f"$ {' '.join(check)}", flush=True)
        if subprocess.run([sys.executable, "-m", *check], check=False).returncode != 0:
            failed.append(" ".join(check))
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
