"""Makes requirements/*.txt from pyproject.toml and requirements/sandbox.in, or checks that they are what would be made.

Without --upgrade the pins that are there stay as long as they fit. Needs the package index in either case, since the
hashes of all platforms come from it.
"""

import argparse
import difflib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LOCKS = {
    "service": ("pyproject.toml", "--extra", "embedded"),
    "dev": ("pyproject.toml", "--extra", "embedded", "--extra", "dev"),
    "sandbox": ("requirements/sandbox.in",),
    "node": ("requirements/node.in",),
}
# For every platform at once, installable by plain pip, and without a word about where it was made.
FORM = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header", "--quiet")


def compile_lock(name: str, target: Path, *, upgrade: bool) -> bool:
    """Write a lock to `target`, whose present pins are kept unless `upgrade`. False when uv could not."""
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv"
    command = [uv, "pip", "compile", *LOCKS[name], *FORM, *(["--upgrade"] if upgrade else []), "-o", str(target)]
    return subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0


def check() -> int:
    """Compare each lock with a newly made one."""
    stale = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in LOCKS:
            committed = Path("requirements") / f"{name}.txt"
            made = Path(shutil.copy(committed, folder))
            if not compile_lock(name, made, upgrade=False):
                print(
                    f"{committed} could not be checked: uv failed, see above. This check needs the network of the "
                    "package index.",
                    file=sys.stderr,
                )
                return 1
            difference = list(
                difflib.unified_diff(
                    committed.read_text().splitlines(),
                    made.read_text().splitlines(),
                    str(committed),
                    "made anew",
                    "",
                    "",
                    0,
                    "",
                )
            )
            if difference:
                print("\n".join(difference[:40]))
                print(f"{committed} is not what pyproject.toml asks for. Run `make lock`.", file=sys.stderr)
                stale = 1
    if not stale:
        print("The locks are up to date.")
    return stale


def main() -> int:
    """Make or check all locks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, fail when a lock would change")
    parser.add_argument("--upgrade", action="store_true", help="take the newest packages")
    chosen = parser.parse_args()
    if chosen.check:
        return check()
    made = [compile_lock(name, Path("requirements") / f"{name}.txt", upgrade=chosen.upgrade) for name in LOCKS]
    return 0 if all(made) else 1


if __name__ == "__main__":
    sys.exit(main())
