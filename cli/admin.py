"""`aci admin`: tenants, keys, limits and the audit log, for those whose key has the scope `admin`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli import beside
from cli.errors import Exit
from cli.output import AsJson, print_fields, print_json, print_table
from cli.session import client
from cli.shapes import Limits, LimitsShown, NewKey

app = typer.Typer(no_args_is_help=True)
tenants = typer.Typer(no_args_is_help=True)
keys = typer.Typer(no_args_is_help=True)
limits = typer.Typer(no_args_is_help=True)
app.add_typer(tenants, name="tenants", help="Who owns things.")
app.add_typer(keys, name="keys", help="API keys: each is shown once, when it is made.")
app.add_typer(limits, name="limits", help="How much a tenant or a key may.")

AtMost = Annotated[int, typer.Option("--limit", min=1, help="How many to show, the newest first.")]
TenantId = Annotated[str, typer.Argument(metavar="TENANT", help="Its id: ten_…")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="Its id: key_…")]
DAY_S = 86_400
HOUR_S = 3600

THERE_IS_ONE = 3
NO_DATABASE = 2
"""Exit statuses of the service's own program for the first key."""


@app.command()
def bootstrap(
    name: Annotated[str, typer.Option(help="What the key is called in lists.")] = "first admin",
    another: Annotated[bool, typer.Option("--another", help="Make one although an admin has a key already.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make the first admin's key, and print it this once.

    The one command that does not ask over HTTP, since nobody is known yet who could: it needs the service installed on
    this machine and DATABASE_URL (or a service that `make run` started).
    """
    module, arguments = "api.access.bootstrap", ["--name", name, *(["--another"] if another else [])]
    if not as_json:
        raise typer.Exit(_own_status(beside.run(module, *arguments)))
    status, secret = beside.printed(module, *arguments)
    if status == 0:
        print_json({"secret": secret})
    raise typer.Exit(_own_status(status))


def _own_status(status: int) -> int:
    return {NO_DATABASE: Exit.UNREACHABLE, THERE_IS_ONE: Exit.FAILED}.get(status, status)


# --- tenants ----------------------------------------------------------------------------------------------


@tenants.command("list")
def list_tenants(at_most: AtMost = 50, as_json: AsJson = False) -> None:
    """Tenants, newest first."""
    with client() as asking:
        found = list(asking.tenants(at_most))
    if as_json:
        print_json(found)
    else:
        print_table(
            ("id", "name", "weight", "suspended", "created_at"), [dict(one) for one in found], "There is no tenant."
        )


@tenants.command("show")
def show_tenant(tenant: TenantId, as_json: AsJson = False) -> None:
    """One tenant."""
    with client() as asking:
        _show(dict(asking.tenant(tenant)), as_json)


@tenants.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help="Its name, which no other has.")],
    weight: Annotated[int, typer.Option(help="Its share of the slots beside other tenants that wait.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Make a tenant."""
    with client() as asking:
        _show(dict(asking.create_tenant(name, weight)), as_json)


@tenants.command("change")
def change_tenant(
    tenant: TenantId,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    weight: Annotated[int | None, typer.Option(help="Another share of the slots.")] = None,
    suspended: Annotated[
        bool | None, typer.Option("--suspend/--resume", help="Let nobody of it in, or let them in again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change a tenant's name or weight, suspend it, or let it in again."""
    given = {"name": name, "weight": weight, "suspended": suspended}
    change = {field: value for field, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say what to change: --name, --weight, --suspend or --resume")
    with client() as asking:
        _show(dict(asking.change_tenant(tenant, change)), as_json)


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_fields(found)


# --- keys -------------------------------------------------------------------------------------------------


@keys.command("list")
def list_keys(
    tenant: Annotated[str | None, typer.Option(help="Only those of this tenant: ten_…")] = None,
    at_most: AtMost = 50,
    as_json: AsJson = False,
) -> None:
    """Keys, newest first; also those that are of no use any more."""
    with client() as asking:
        found = list(asking.keys(tenant, at_most))
    if as_json:
        print_json(found)
    else:
        columns = ("id", "tenant_id", "name", "hint", "scopes", "last_used_at", "expires_at", "revoked_at")
        print_table(columns, [dict(one) for one in found], "There is no key.")


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What it is for, as lists show it.")],
    tenant: Annotated[str | None, typer.Option(help="Whose it is: ten_…; your own tenant's by default.")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="It may also do what is below `aci admin`.")] = False,
    days: Annotated[int | None, typer.Option(min=1, help="It ends by itself after so many days.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key. It is printed now and never again."""
    wanted: dict[str, Any] = {"name": name, "scopes": ["user", "admin"] if admin else ["user"]}
    if tenant is not None:
        wanted["tenant_id"] = tenant
    if days is not None:
        wanted["expires_in_s"] = days * DAY_S
    with client() as asking:
        _show_once(asking.create_key(wanted), as_json)


@keys.command("rotate")
def rotate_key(
    key: KeyId,
    grace_hours: Annotated[int, typer.Option(min=0, help="How long the old one is still good.")] = 24,
    days: Annotated[
        int | None, typer.Option(min=1, help="The new one ends after so many days; as the old one, by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a key with the same name, scopes and limits in place of one. It is printed now and never again."""
    wanted = {"grace_s": grace_hours * HOUR_S} | ({} if days is None else {"expires_in_s": days * DAY_S})
    with client() as asking:
        _show_once(asking.rotate_key(key, wanted), as_json)


@keys.command("revoke")
def revoke_key(key: KeyId, as_json: AsJson = False) -> None:
    """End a key, and every sign-in that was traded for it, within ten seconds."""
    with client() as asking:
        _show(dict(asking.revoke_key(key)), as_json)


def _show_once(made: NewKey, as_json: bool) -> None:
    """The key alone on standard output, so that it can be put into a file; what it is, beside it."""
    if as_json:
        print_json(made)
        return
    typer.echo(f"{made['id']} ({made['name']}, {' '.join(made['scopes'])}). Its key is shown only now:", err=True)
    typer.echo(made["secret"])


# --- limits -----------------------------------------------------------------------------------------------

OfTenant = Annotated[str | None, typer.Option("--tenant", metavar="TENANT", help="A tenant's: ten_…")]
OfKey = Annotated[str | None, typer.Option("--key", metavar="KEY", help="A key's: key_…")]
Number = Annotated[str | None, typer.Option(metavar="N|unlimited|unset")]


def _whose(tenant: str | None, key: str | None) -> str:
    if (tenant is None) == (key is None):
        raise typer.BadParameter("say whose: either --tenant or --key")
    return f"tenants/{tenant}" if tenant is not None else f"keys/{key}"


@limits.command("show")
def show_limits(tenant: OfTenant = None, key: OfKey = None, as_json: AsJson = False) -> None:
    """What was said of a tenant or a key, and what holds; of neither: the service's defaults."""
    with client() as asking:
        if tenant is None and key is None:
            _show(dict(asking.service_limits()), as_json)
        else:
            _show_limits(asking.limits(_whose(tenant, key)), as_json)


@limits.command("set")
def set_limits(
    tenant: OfTenant = None,
    key: OfKey = None,
    requests_per_minute: Number = None,
    running_jobs: Number = None,
    queued_jobs: Number = None,
    batch_lines: Number = None,
    storage_bytes: Number = None,
    tokens_per_day: Number = None,
    cost_per_day_usd: Number = None,
    as_json: AsJson = False,
) -> None:
    """Say how much a tenant or a key may; what is not mentioned stays.

    A number, `unlimited`, or `unset`: then the service's default holds for a tenant, and its tenant's limit for a key.
    """
    given = {
        "requests_per_minute": requests_per_minute,
        "running_jobs": running_jobs,
        "queued_jobs": queued_jobs,
        "batch_lines": batch_lines,
        "storage_bytes": storage_bytes,
        "tokens_per_day": tokens_per_day,
        "cost_per_day_usd": cost_per_day_usd,
    }
    assert set(given) == set(Limits.__annotations__)
    change = {name: _number(name, value) for name, value in given.items() if value is not None}
    if not change:
        raise typer.BadParameter("say a limit, such as --queued-jobs 1000")
    whose = _whose(tenant, key)
    with client() as asking:
        said = asking.limits(whose)["said"] | {name: value for name, value in change.items() if value is not UNSET}
        wanted = {name: value for name, value in said.items() if change.get(name) is not UNSET}
        _show_limits(asking.set_limits(whose, wanted), as_json)


UNSET = object()


def _number(name: str, value: str) -> Any:
    if value == "unset":
        return UNSET
    if value == "unlimited":
        return None
    try:
        return float(value) if name == "cost_per_day_usd" else int(value.replace("_", ""))
    except ValueError:
        raise typer.BadParameter(f"{value!r} is no number, nor `unlimited` or `unset`", param_hint=name) from None


def _show_limits(shown: LimitsShown, as_json: bool) -> None:
    if as_json:
        print_json(shown)
        return
    rows = [
        {"limit": name, "said": _word(shown["said"], name), "holds": _word(dict(shown["effective"]), name)}
        for name in Limits.__annotations__
    ]
    print_table(("limit", "said", "holds"), rows, "")


def _word(values: dict[str, Any], name: str) -> str:
    if name not in values:
        return "—"
    return "unlimited" if values[name] is None else str(values[name])


# --- the audit log ----------------------------------------------------------------------------------------


@app.command()
def audit(at_most: AtMost = 50, as_json: AsJson = False) -> None:
    """What admins did, newest first."""
    with client() as asking:
        found = list(asking.audit(at_most))
    if as_json:
        print_json(found)
    else:
        print_table(
            ("at", "subject", "action", "target", "detail"), [dict(act) for act in found], "No admin did anything yet."
        )
