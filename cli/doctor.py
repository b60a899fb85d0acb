"""`aci doctor`: every part looked at, from where this runs. `aci settings`: what the service here goes by."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Literal

import typer

from cli import beside, config
from cli.client import Client
from cli.config import Config
from cli.errors import CommandError, Exit, Refused
from cli.output import AsJson, print_json, print_table

app = typer.Typer()

SKEW_S = 5.0
"""The service tells its time to the second, and the answer takes a while."""
ONLY_THERE = ("settings", "migrations", "redis password", "disk", "open files")
"""What only the service's own machine can tell."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was found of one part."""

    name: str
    status: Literal["ok", "failed", "skipped"]
    detail: str
    advice: str = ""


@app.command()
def settings(as_json: AsJson = False) -> None:
    """Every setting of the service on this machine: its value, where it came from, and what it is for.

    Nothing secret is shown. Asked of the service's own program, in the environment of this shell or of the service that
    `make run` started.
    """
    found = beside.answer("core.operating", "settings")
    if as_json:
        print_json(found)
        return
    for one in found:
        one["value"] = one["value"] if one["problem"] is None else f"WRONG: {one['problem']}"
    print_table(("name", "value", "source", "help"), found, "")
    if any(one["problem"] for one in found):
        raise typer.Exit(Exit.FAILED)


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at every part of the service, and say what to do for each that is not well.

    On the service's machine it looks at everything; elsewhere, at what the service tells over HTTP, and says what it
    could not look at. Exit status 1 when something is not well.
    """
    asked = _where_it_listens(config.load())
    found = [*_here(asked), *_over_http(asked)]
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        _print(found)
    if any(one.status == "failed" for one in found):
        raise typer.Exit(Exit.FAILED)


def _where_it_listens(asked: Config) -> Config:
    """Where nobody said where the service is, and it is installed here: the port of its own settings."""
    if asked.source != config.THE_DEFAULT or beside.service_folder() is None:
        return asked
    try:
        port = {one["name"]: one["value"] for one in beside.answer("core.operating", "settings")}["ACI_PORT"]
    except (CommandError, KeyError):
        return asked  # what is wrong with the settings, the checks tell
    return replace(asked, url=f"http://127.0.0.1:{port}", source="the settings of the service here")


def _here(asked: Config) -> Iterator[Check]:
    """The service's own checks, where it is installed, and is the one that is meant."""
    why = None
    if beside.service_folder() is None:
        why = "the service is not installed here: run `aci doctor` where it is"
    elif not os.environ.get("DATABASE_URL") and not config.is_loopback(asked.url):
        why = f"{asked.url} is elsewhere: run `aci doctor` there"
    if why is not None:
        for name in ONLY_THERE:
            yield Check(name, "skipped", why)
        return
    try:
        for one in beside.answer("core.operating", "doctor"):
            yield Check(**one)
    except CommandError as error:
        yield Check("service", "failed", str(error), "Install its packages anew: `make run` does, or `pip install -r`.")


def _over_http(asked: Config) -> Iterator[Check]:
    """What can be seen from anywhere."""
    with Client(asked.url, asked.key, timeout_s=10) as client:
        try:
            before = time.time()
            ready, theirs = client.ready()
        except CommandError as error:
            yield Check(
                "api",
                "failed",
                f"{error} The address is from {asked.source}.",
                "Start it (`python -m api`, or `make run`), or say where it is: `aci login URL`, or ACI_URL.",
            )
            return
        if ready["status"] == "unready":
            yield Check("api", "failed", f"{asked.url} answers, and takes no jobs", "See the parts below.")
        else:
            yield Check("api", "ok", f"{asked.url} answers, and takes jobs")
        for name, part in ready["parts"].items():
            well = part["status"] == "ok"
            advice = "" if well else "Run `aci doctor` on the service's machine: it says what to do."
            yield Check(f"api: {name}", "ok" if well else "failed", part["detail"], advice)
        yield _clock(theirs, before)
        yield from _as_somebody(client, asked)


def _clock(theirs: float | None, before: float) -> Check:
    if theirs is None:
        return Check("api: clock", "skipped", "it does not tell its time")
    skew = theirs - (before + time.time()) / 2
    if abs(skew) > SKEW_S:
        return Check(
            "api: clock",
            "failed",
            f"differs from the one here by about {abs(skew):.0f} s",
            "Set both by NTP; tokens of other issuers are good only for a while by the service's clock.",
        )
    return Check("api: clock", "ok", f"differs from the one here by less than {SKEW_S:g} s")


def _as_somebody(client: Client, asked: Config) -> Iterator[Check]:
    try:
        me = client.me()
    except Refused as refused:
        if refused.http_status == 429:
            yield Check("key", "skipped", str(refused).splitlines()[0])
            return
        if refused.http_status not in (401, 403):
            yield Check("key", "failed", str(refused), "See the log of the API, by the time of this request.")
            return
        what = "none is given" if asked.key is None else str(refused)
        yield Check("key", "failed", what, "`aci login` keeps one; `aci admin bootstrap` makes the first admin's.")
        return
    except CommandError as error:
        yield Check("key", "failed", str(error), "")
        return
    yield Check("key", "ok", f"{me['subject']} of {me['tenant']['name']}, {' and '.join(me['scopes'])}")
    try:
        served = client.agents()
    except CommandError as error:
        yield Check("agents", "failed", str(error), "")
        return
    for agent in served:
        if agent["workers"]:
            yield Check(f"agent {agent['name']}", "ok", f"{agent['workers']} workers, {agent['slots']} slots")
        else:
            advice = "Start a worker of its pool: `python -m workers --pool …`."
            yield Check(f"agent {agent['name']}", "failed", "no worker serves it; its jobs wait", advice)


def _print(found: list[Check]) -> None:
    marks = {"ok": "ok", "failed": "FAILED", "skipped": "–"}
    width = max(len(one.name) for one in found)
    for one in found:
        typer.echo(f"{marks[one.status]:<6}  {one.name:<{width}}  {one.detail}")
        if one.advice and one.status == "failed":
            typer.echo(f"{'':<6}  {'':<{width}}  → {one.advice}")
    counts = [f"{sum(one.status == status for one in found)} {word}" for status, word in COUNTED]
    typer.echo("\n" + ", ".join(counts) + ".")


COUNTED = (("ok", "well"), ("failed", "not well"), ("skipped", "not looked at"))
