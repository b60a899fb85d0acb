"""`aci`, or `python -m cli`."""

from __future__ import annotations

import sys

import typer

from cli import admin, doctor, session
from cli.errors import CommandError

app = typer.Typer(
    name="aci",
    help="""Ask an AgentCore Code Interpreter service from the command line.

    Where it is and who asks comes from ACI_URL and ACI_API_KEY, else from what `aci login` kept.
    Exit status: 0 all well, 1 refused or a check failed, 2 not understood, 3 not reached, 4 not allowed.""",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,  # plain help, which reads the same in a log
    pretty_exceptions_enable=False,
)
app.add_typer(session.app)
app.add_typer(doctor.app)
app.add_typer(admin.app, name="admin", help="Tenants, keys, limits and the audit log, for admins.")


def main() -> None:
    """Run a command; what went wrong is said in a sentence, and by the exit status."""
    try:
        app()
    except CommandError as error:
        print(f"aci: {error}", file=sys.stderr)
        sys.exit(error.status)
    except BrokenPipeError:
        # Whoever read along has seen enough (`aci … | head`).
        sys.stderr.close()
        sys.exit(0)


if __name__ == "__main__":
    main()
