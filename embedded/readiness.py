"""Asks the running service whether it is ready, and puts its answer into the lines under the address: which
model answers, what confines user code, and what is not well.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

TIMEOUT = 5.0  # seconds for one request


def ask(url: str) -> Mapping[str, Any] | None:
    """The JSON document at that address, whatever its HTTP status; None while nothing answers or it is no
    object.
    """
    # No proxy from the environment: the address is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            body = answer.read()
    except urllib.error.HTTPError as refusal:
        body = refusal.read()
    except (OSError, ValueError):
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def is_settled(document: Mapping[str, Any]) -> bool:
    """Whether waiting longer would change nothing: no part is away any more, as workers are that still start."""
    parts = document.get("parts")
    if document.get("status") == "unready" or not isinstance(parts, dict):
        return document.get("status") == "ready"
    return all(_part(parts, name).get("status") != "away" for name in parts)


def is_behind(document: Mapping[str, Any], sandbox: Mapping[str, Any] | None) -> bool:
    """Whether the service knows less of the sandbox than the sandbox itself says, or that one is silent yet.

    The executor asks the sandbox at its start, when that is still warming up, and again only after some
    seconds.
    """
    parts = document.get("parts")
    if not isinstance(parts, dict) or _part(parts, "sandbox").get("status") == "ok":
        return False
    if sandbox is None or sandbox.get("status") != "refusing":
        return True
    return str(sandbox.get("reason") or "") not in str(_part(parts, "sandbox").get("detail"))


def describe(document: Mapping[str, Any]) -> list[str]:
    """The lines that tell which model and which sandbox are in use, then one for each part that is not well."""
    parts = document.get("parts")
    if not isinstance(parts, dict):
        return ["The service answers, but does not say which model and sandbox it uses."]
    model, sandbox = _part(parts, "model"), _part(parts, "sandbox")
    confined = f"tier {sandbox['tier']}" if sandbox.get("tier") else ""
    if confined in str(sandbox.get("detail")):
        confined = ""
    lines = [
        f"Model:   {model.get('detail') or model.get('status') or 'unknown'}",
        f"Sandbox: {', '.join(filter(None, (confined, sandbox.get('detail')))) or sandbox.get('status') or 'unknown'}",
    ]
    for name in parts:
        part = _part(parts, name)
        if part.get("status") != "ok":
            said = f" ({part['detail']})" if part.get("detail") else ""
            lines.append(f"Not well: {name} is {part.get('status') or 'in an unknown state'}{said}.")
    return lines


def _part(parts: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = parts.get(name)
    return part if isinstance(part, dict) else {}
