"""Settings as they may be shown: with where each came from, and without anything secret."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import SettingsError

from core.settings import Settings

HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting."""

    name: str
    """The variable it is read from."""
    value: str
    source: Literal["default", "environment", "wrong"]
    help: str
    problem: str | None = None
    """What is wrong with it, where something is. Never says what it is."""

    def view(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def variable(name: str, field: FieldInfo) -> str:
    """The environment variable of a setting."""
    return str(field.validation_alias or f"ACI_{name.upper()}")


def address(url: str) -> str:
    """An address without its password, and without what else it may carry: `postgresql://aci:(hidden)@db/aci`.

    Of one that does not read as it must, nothing is shown: a character of the password may have cut it in two.
    """
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return HIDDEN
    if not parts.scheme or parts.fragment or "@" in parts.path + parts.query:
        return HIDDEN
    who, at, where = parts.netloc.rpartition("@")
    user, colon, _ = who.partition(":")
    password = f":{HIDDEN}" if colon else ""
    return f"{parts.scheme}://{user}{password}{at}{where}{parts.path}{'?…' if parts.query else ''}"


def all_settings(environment: Mapping[str, str] = os.environ) -> list[Shown]:
    """Every setting of this process, in the order in which they are declared. One that can't be used says why."""
    wrong: dict[str, str] = {}
    try:
        values = dict(Settings())
    except ValidationError as error:
        # Without the input: it may be a secret that was put into the wrong variable.
        for one in error.errors(include_input=False, include_url=False, include_context=False):
            wrong.setdefault(str(one["loc"][0]).upper(), one["msg"])
        values = {}
    except SettingsError as error:
        # Not JSON where it has to be. Only the name of the field is taken from the message.
        named = re.search(r'field "(\w+)"', str(error))
        wrong[named[1].upper() if named else ""] = "must be JSON"
        values = {}
    return [_shown(name, field, values.get(name), environment, wrong) for name, field in Settings.model_fields.items()]


def _shown(name: str, field: FieldInfo, value: Any, environment: Mapping[str, str], wrong: Mapping[str, str]) -> Shown:
    named = variable(name, field)
    given = next((text for key, text in environment.items() if key.upper() == named and text), None)
    help_ = field.description or ""
    # pydantic names a field by its alias, or else by its own name.
    problem = wrong.get(named) or wrong.get(name.upper())
    if problem is not None:
        return Shown(named, "?", "wrong", help_, problem)
    if value is None and given is not None and wrong:
        # Another setting is wrong, so none was read. What this one says may be shown only where it is no secret.
        secret = isinstance(field.default, SecretStr)
        return Shown(named, address(given) if secret else given, "environment", help_)
    if given is None:
        return Shown(named, _text(field.default), "default", help_)
    return Shown(named, _text(value), "environment", help_)


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return address(value.get_secret_value())
    if value is None or value == ():
        return "—"
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    return str(value)
