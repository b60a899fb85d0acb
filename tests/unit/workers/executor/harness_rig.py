"""Pythons in which the harness runs for real, program after program: the sandbox's with and without IPython's shell,
and a bare one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workers.executor.report import Report
from workers.executor.shipping import harness

ROOT = Path(__file__).resolve().parents[4]
SANDBOX_PYTHON = ROOT / ".venv-sandbox" / "bin" / "python"
CHART = "application/vnd.aci.chart+json"
PNG = b"\x89PNG\r\n\x1a\n"

DRIVER = """
import importlib, os, sys
asked, answer = os.fdopen({asked}), os.fdopen({answer}, "w")
sys.path.insert(0, {zip!r})
harness = importlib.import_module({module!r})
if {shell}:
    import builtins
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    builtins.get_ipython = lambda: shell
def work():
    for line in asked:
        folder, _, request = line.rstrip().partition("|")
        os.chdir(folder)
        harness.home.WORK = folder  # one interpreter for many tests, each with a folder of its own
        for number, name in ((1, "stdout"), (2, "stderr")):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, number)
            os.close(file)
        harness.run(request)
        print("done", file=answer, flush=True)
work()
"""
"""Stands for the sandbox: one interpreter that runs program after program. Requests come over pipes of its own."""


@dataclass
class Ran:
    """One run: its report, held to the form that the executor reads, and what was printed."""

    report: dict[str, Any]
    stdout: str
    stderr: str
    folder: Path

    @property
    def error(self) -> dict[str, Any]:
        assert self.report["exit"] == "error"
        error: dict[str, Any] = self.report["error"]
        return error

    @property
    def text(self) -> str | None:
        assert self.report["exit"] == "ok", self.report["error"]
        text: str | None = self.report["text"]
        return text

    @property
    def files(self) -> dict[str, str]:
        own = ("stdout", "stderr")
        return {file["path"]: file["change"] for file in self.report["files"] if file["path"] not in own}

    def picture(self, output: dict[str, Any]) -> bytes:
        return (self.folder / output["image/png"]["file"]).read_bytes()


@dataclass
class Interpreter:
    """A Python that lives from run to run."""

    python: Path
    shell: bool
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)
    count: int = 0

    def __post_init__(self) -> None:
        asked_from, asked_to = os.pipe()
        answer_from, answer_to = os.pipe()
        sent = self.folder / harness().file
        sent.write_bytes(harness().content)
        code = DRIVER.format(
            asked=asked_from, answer=answer_to, zip=str(sent), module=harness().module, shell=self.shell
        )
        self.process = subprocess.Popen(
            [self.python, "-c", code],
            pass_fds=(asked_from, answer_to),
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", "MPLCONFIGDIR": "/tmp"},
        )
        os.close(asked_from)
        os.close(answer_to)
        self.asked, self.answer = os.fdopen(asked_to, "w"), os.fdopen(answer_from)

    def run(self, folder: Path, code: str, inputs: list[str] | None = None, nonce: str = "") -> Ran:
        self.count += 1
        own = folder / ".aci" / f"run-{self.count}"
        request = json.dumps({"id": own.name, "code": code, "inputs": inputs, "nonce": nonce})
        for name in ("stdout", "stderr"):
            (folder / name).write_text("")
        print(f"{folder}|{request}", file=self.asked, flush=True)
        assert self.answer.readline() == "done\n", "the interpreter ended"
        content = (own / "report.json").read_bytes()
        Report.model_validate_json(content)
        printed = [(folder / name).read_text() for name in ("stdout", "stderr")]
        return Ran(json.loads(content), *printed, own)

    def close(self) -> None:
        self.asked.close()
        self.process.wait(20)
        self.answer.close()


def interpreter_of(kind: str, folder: Path) -> Interpreter:
    if kind == "bare":
        return Interpreter(Path(sys.executable), shell=False, folder=folder)
    assert SANDBOX_PYTHON.exists(), "the sandbox's environment is missing: make test builds it"
    return Interpreter(SANDBOX_PYTHON, shell=kind == "shell", folder=folder)
