"""A Python that has loaded all that the programs do, and forks for each as the sandbox does: most of a program's time
would be the loading else. `python warm_python.py` reads a request a line, and answers with the program's exit status.
"""

import importlib
import json
import os
import sys

from sandbox.inside.warmup import warm_up

LOADED = (
    "seaborn",
    "sklearn.cluster",
    "sklearn.datasets",
    "sklearn.decomposition",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sympy",
)


def become(request: dict[str, str]) -> None:
    """Be what runs the program: in its folder, with its files for standard input, output and error."""
    os.chdir(request["folder"])
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        opened = os.open(request[f"descriptor_{number}"], flags)
        os.dup2(opened, number)
        os.close(opened)
    # A new one: what the old one read ahead of the next request is not the program's.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)


if __name__ == "__main__":
    for name in LOADED:
        importlib.import_module(name)
    warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if child == 0:
            become(request)
            exec(compile(request["code"], "<string>", "exec"), {"__name__": "__main__"})
            sys.stdout.flush()
            os._exit(0)  # at once: to take all that was loaded apart would take longer than most programs
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
