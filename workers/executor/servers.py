"""The sandbox servers that a worker may use: AWS's, or one or several of our own, each with a client made for it."""

from __future__ import annotations

import copy
from typing import Any, Final

import boto3
import urllib3
import urllib3.exceptions
from bedrock_agentcore.tools.code_interpreter_client import CodeInterpreter
from botocore.config import Config

from core.settings import Settings

CONNECT_TIMEOUT_S: Final = 5
READ_TIMEOUT_S: Final = 700
"""Past the longest run that a job may ask for; the run's own limit is watched beside it."""

LIVE: Final = {"x-sandbox-live-output": "true", "x-sandbox-live-input": "true"}
"""Headers that ask our own server to send output as it is printed, and to let programs ask. AWS is not asked for it: it
answers once, at the end.
"""


class Server:
    """One of them; no endpoint means AWS's."""

    def __init__(self, settings: Settings, endpoint: str | None) -> None:
        self.endpoint = endpoint
        self.tier: str | None = None if endpoint else "AgentCore"
        """The tier of confinement that sessions get, once it is known."""
        self._region = settings.aws_region
        self._http = urllib3.PoolManager(timeout=CONNECT_TIMEOUT_S, retries=False)
        self._prototype = _make_client(settings, endpoint)

    def new_client(self) -> CodeInterpreter:
        """A client for one session; all share the connections."""
        return copy.copy(self._prototype)

    def describe(self) -> dict[str, Any]:
        """What it says of itself: `status` (ok, refusing or unreachable), `tier`, and `detail` in words. Blocks."""
        if self.endpoint is None:
            return {"status": "ok", "tier": "AgentCore", "detail": f"AWS Bedrock AgentCore in {self._region}"}
        try:
            said = self._http.request("GET", f"{self.endpoint}/healthz").json()
            status, tier = str(said["status"]), said.get("tier")
        except (urllib3.exceptions.HTTPError, ValueError, KeyError, TypeError) as error:
            return {"status": "unreachable", "tier": None, "detail": f"no answer yet ({type(error).__name__})"}
        if status == "ok":
            self.tier = str(tier)
            return {"status": "ok", "tier": tier, "detail": f"our own sandbox, tier {tier}"}
        detail = " ".join(str(said[key]) for key in ("reason", "remedy") if said.get(key))
        return {"status": status, "tier": None, "detail": f"code is not run: {detail}"}


def endpoints(settings: Settings) -> list[str | None]:
    """The addresses that the settings name, or AWS's alone."""
    named = [part.strip() for part in (settings.sandbox_endpoint or "").split(",") if part.strip()]
    return list(named) or [None]


def described(all_said: list[dict[str, Any]]) -> dict[str, Any]:
    """Several servers in one line: well while one of them is, with the weakest tier that a session may get."""
    if len(all_said) == 1:
        return all_said[0]
    well = [said for said in all_said if said["status"] == "ok"]
    detail = "; ".join(str(said["detail"]) for said in all_said)
    if not well:
        return {**all_said[0], "detail": detail}
    tier = max(str(said["tier"]) for said in well)
    return {"status": "ok", "tier": tier, "detail": f"{len(well)} of {len(all_said)} servers are well: {detail}"}


def _make_client(settings: Settings, endpoint: str | None) -> CodeInterpreter:
    credentials = settings.sandbox_credentials()
    session = boto3.Session(
        region_name=settings.aws_region,
        aws_access_key_id=credentials.access_key_id if credentials else None,
        aws_secret_access_key=credentials.secret_access_key.get_secret_value() if credentials else None,
    )
    data_client = session.client(
        "bedrock-agentcore",
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_S,
            read_timeout=READ_TIMEOUT_S,
            # Never again by itself: what botocore repeats is the user's code.
            retries={"total_max_attempts": 1},
            max_pool_connections=2 * settings.worker_slots,
            proxies={} if endpoint else None,
        ),
    )
    if endpoint:
        data_client.meta.events.register(
            "before-call.bedrock-agentcore.InvokeCodeInterpreter",
            lambda params, **_: params["headers"].update(LIVE),
        )
    made: Any = _Made(data_client)
    return CodeInterpreter(settings.aws_region, session=made)


class _Made:
    """In the place of the boto3 session of which CodeInterpreter makes its clients: each takes long to make, and it
    would make one of the data plane, which could not be told what ours is, and one of the control plane, never asked.
    """

    def __init__(self, data_client: Any) -> None:
        self._data_client = data_client

    def client(self, service: str, **_: Any) -> Any:
        return self._data_client if service == "bedrock-agentcore" else None
