"""`python -m evaluation`: do the tasks with the models that are set, and print a table of scores.

Exit status 1 where a task that the demo model's library has is not whole, so that the demo model can stand guard over
all that lies between a wish and its figures; a real model is only measured.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

import httpx

from evaluation.scoring import evaluate, table
from evaluation.service import running
from evaluation.tasks import TASKS, Task
from workers.generator.request import PROMPTS
from workers.prompts import check


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m evaluation", description=__doc__)
    parser.add_argument("--url", help="a service that runs already; without it one is started with this environment")
    parser.add_argument("words", nargs="*", metavar="word", help="only tasks with one of these in their names")
    arguments = parser.parse_args()
    chosen = [task for task in TASKS if not arguments.words or any(word in task.name for word in arguments.words)]
    if not chosen:
        parser.error(f"no task has such a name; there are {', '.join(task.name for task in TASKS)}")
    with contextlib.ExitStack() as stack:
        url = arguments.url or stack.enter_context(running())
        return asyncio.run(_scored(url, chosen))


async def _scored(url: str, chosen: Sequence[Task]) -> int:
    key = os.environ.get("ACI_API_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as client:
        who = (await client.get("/v1/models")).raise_for_status().json()
        versions = ", ".join(f"{name} {version}" for name, version in check(PROMPTS).items())
        print(f"{len(chosen)} tasks; {who['detail']}; prompts: {versions}\n", flush=True)
        scores = await evaluate(client, chosen)
    print(table(scores))
    missed = [score for score in scores if score.task.demo and not score.whole]
    return 1 if who["demo"] and missed else 0


if __name__ == "__main__":
    sys.exit(main())
