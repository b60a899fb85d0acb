"""`aci login`, `logout` and `whoami`, `usage`; and the client that every other command asks through."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from cli import config
from cli.client import Client
from cli.errors import CommandError, Refused
from cli.output import AsJson, print_fields, print_json, print_table

app = typer.Typer()


def client() -> Client:
    """For the service that the configuration names."""
    found = config.load()
    return Client(found.url, found.key)


@app.command()
def login(
    url: Annotated[
        str | None, typer.Argument(help="Address of the service; the one in use, where it is left out.")
    ] = None,
) -> None:
    """Keep an address and an API key for later commands.

    The key is asked for, or read from standard input: on a command line others could see it. One that is not good is
    not kept.
    """
    url = (url or config.load().url).rstrip("/")
    with Client(url) as nobody:
        ready, _ = nobody.ready()
        try:
            open_to_all = nobody.me()["auth"] == "none"
        except Refused as refused:
            if refused.http_status != 401:
                raise
            open_to_all = False
    key = None
    if not open_to_all:
        if url.startswith("http:") and not config.is_loopback(url):
            typer.echo("aci: your key will travel there unencrypted: better is an https address.", err=True)
        key = (typer.prompt("API key", hide_input=True) if sys.stdin.isatty() else sys.stdin.readline()).strip()
        if not key or not key.isascii() or not key.isprintable():
            raise CommandError("That is no API key.")
    with Client(url, key) as somebody:
        me = somebody.me()
    file = config.save(url, key)
    typer.echo(f"{url} ({ready['status']}) knows you as {me['subject']} of {me['tenant']['name']}. Kept in {file}.")


@app.command()
def logout() -> None:
    """Forget the address and the key that `aci login` kept. The key itself stays good."""
    file = config.forget()
    typer.echo("Nothing was kept." if file is None else f"{file} is removed. To end the key: `aci admin keys revoke`.")


@app.command()
def whoami(as_json: AsJson = False) -> None:
    """Who the service takes you for, and your limits."""
    with client() as asking:
        me = asking.me()
    if as_json:
        print_json(me)
        return
    print_fields(
        {
            "service": asking.url,
            "tenant": f"{me['tenant']['name']} ({me['tenant']['id']})",
            "subject": me["subject"],
            "scopes": me["scopes"],
            **{f"limit {name}": value for name, value in me["limits"].items()},
            **{f"used {name}": value for name, value in me["used"].items()},
        }
    )


@app.command()
def usage(
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="First day, as 2026-11-01 (UTC).")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last day.")] = None,
    as_json: AsJson = False,
) -> None:
    """What your tenant's jobs used, by day and agent; the last 30 days unless told otherwise."""
    with client() as asking:
        days = asking.usage(first, last)
    if as_json:
        print_json(days)
    else:
        print_table(
            ("day", "agent", "jobs", "run_s", "input_tokens", "output_tokens", "cost_usd"),
            [dict(day) for day in days],
            "No job ran in these days.",
        )
