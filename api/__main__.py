"""`python -m api`: serve the HTTP API. Start as many as there are requests for, behind one address."""

from __future__ import annotations

import argparse
import sys

from core.agents.registry import tell_refusals
from core.log import configure_logging
from core.loopback import is_loopback
from core.settings import Settings


def why_not(settings: Settings) -> str | None:
    """Why the API must not start with these settings, in one sentence; None where it may."""
    if settings.auth == "keys":
        return None
    if not is_loopback(settings.host):
        return (
            "ACI_AUTH=none asks nobody who they are, so it is for loopback addresses only, and "
            f"{settings.host!r} is not one: set ACI_AUTH=keys (docs/security.md) or ACI_HOST=127.0.0.1."
        )
    if settings.oidc_issuers:
        return "ACI_OIDC_ISSUERS is set, but under ACI_AUTH=none nobody is asked for a token: set ACI_AUTH=keys."
    return None


def main() -> int:
    argparse.ArgumentParser(prog="python -m api", description=__doc__).parse_args()
    settings = Settings.load()
    configure_logging(settings.log_level)
    tell_refusals()
    if (reason := why_not(settings)) is not None:
        print(reason, file=sys.stderr)
        return 2
    # Only now, for a refusal shall come at once.
    from api.app import create_app
    from api.server import Server
    from core.access.operator import UnusableKey

    try:
        app = create_app(settings)
    except UnusableKey as error:
        print(f"ACI_ADMIN_KEY_FILE can't be used: {error}.", file=sys.stderr)
        return 2
    Server(app, settings).serve_until_stopped()
    return 0


if __name__ == "__main__":
    sys.exit(main())
