#!/usr/bin/env python3
"""Walks the whole path of a running service from outside, as a user would: sign in, upload, generate, run, download.

    deploy/smoke.py http://127.0.0.1:8080 --key-file deploy/secrets/admin_key

Needs nothing but Python 3.9, and deletes the session that it worked in. Exit status 1 where a step fails.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

WINE = Path(__file__).resolve().parent.parent / "examples" / "wine.csv"
PROMPT = "load wine.csv, average alcohol by class, and draw it"
PNG = b"\x89PNG\r\n\x1a\n"
PAUSE_S = 2.0
CHART = f"""
import time
print("first", flush=True)
time.sleep({PAUSE_S})
import pandas as pd
import matplotlib.pyplot as plt
means = pd.read_csv("wine.csv").groupby("class")["alcohol"].mean().to_frame()
means.plot.bar()
plt.show()
means
"""
READY_S = 90.0
JOB_S = 120.0


class Failed(Exception):
    """What was expected, and what came instead."""


def check(holds: object, otherwise: str) -> None:
    """Raises Failed with that sentence."""
    if not holds:
        raise Failed(otherwise)


class Service:
    """The service at one address."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/")
        self.key = key
        # No proxy from the environment and no redirects to elsewhere: the key goes to this address only.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def open(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, known: bool = True
    ) -> Any:
        """The response, whatever its status; with the key unless `known` is False."""
        sent = dict(headers or {})
        raw = isinstance(body, bytes)
        data: bytes | None = body if raw or body is None else json.dumps(body).encode()
        sent.setdefault("Content-Type", "application/octet-stream" if raw else "application/json")
        if known:
            sent["Authorization"] = f"Bearer {self.key}"
        request = urllib.request.Request(self.url + path, data, sent, method=method)  # noqa: S310 - the user's address
        try:
            return self._opener.open(request, timeout=JOB_S)
        except urllib.error.HTTPError as refusal:
            return refusal

    def json(self, method: str, path: str, body: Any = None) -> Any:
        """The document of a request that has to succeed."""
        with self.open(method, path, body) as response:
            text = response.read().decode()
        check(response.status < 300, f"{method} {path} answered {response.status}: {text[:500]}")
        return json.loads(text) if text else None

    def events(self, job: str) -> Iterator[tuple[float, dict[str, Any]]]:
        """The job's live events, each with the moment at which it came."""
        with self.open("GET", f"/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}) as stream:
            check(stream.status == 200, f"the event stream answered {stream.status}")
            data: list[str] = []
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                if line.startswith("data:"):
                    data.append(line[5:].lstrip())
                elif not line and data:
                    yield time.monotonic(), json.loads("\n".join(data))
                    data = []

    def run(self, agent: str, given: dict[str, Any], session: str) -> list[tuple[float, dict[str, Any]]]:
        """All events of a new job that has to succeed."""
        job = self.json("POST", "/v1/jobs", {"agent": agent, "input": given, "session_id": session})
        events = list(self.events(job["id"]))
        check(events, f"the {agent} job {job['id']} had no event")
        last = events[-1][1]
        check(last["type"] == "job.succeeded", f"the {agent} job ended with {json.dumps(last)[:1500]}")
        return events


def strangers_stay_out(service: Service) -> str:
    with service.open("GET", "/v1/agents", known=False) as response:
        check(response.status == 401, f"without the key /v1/agents answered {response.status}, not 401")
    with service.open("GET", "/v1/agents", headers={"Host": "rebound.example"}) as response:
        check(response.status == 421, f"under a foreign host name it answered {response.status}, not 421")
    return "401 without the key, 421 under a foreign name"


def page(service: Service) -> str:
    with service.open("GET", "/", known=False) as response:
        check(response.status == 200, f"the page answered {response.status}")
        policy = response.headers.get("Content-Security-Policy", "")
        check("default-src 'none'" in policy, f"the page's policy is {policy!r}")
        check(response.headers.get("Cache-Control") == "no-cache", "the page itself may be cached")
        assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', response.read().decode())
    for asset in assets:
        with service.open("GET", asset, headers={"Accept-Encoding": "gzip"}, known=False) as response:
            check(response.status == 200, f"{asset} answered {response.status}")
            check("immutable" in response.headers.get("Cache-Control", ""), f"{asset} is asked for again each time")
            kind = response.headers.get_content_type()
            check(kind in ("text/css", "application/javascript", "text/javascript"), f"{asset} comes as {kind}")
    with service.open("GET", "/assets/none.js", known=False) as response:
        check(response.status == 404, f"an asset that is not there answered {response.status}")
    return f"served under its policy, with {len(assets)} files that may be kept"


def readiness(service: Service) -> str:
    give_up = time.monotonic() + READY_S
    while True:
        with service.open("GET", "/readyz", known=False) as response:
            document = json.load(response)
        if document["status"] == "ready":
            break
        check(time.monotonic() < give_up, f"not ready: {json.dumps(document)}")
        time.sleep(0.5)
    parts = document["parts"]
    return f"{parts['model']['detail']}; {parts['sandbox']['detail']}"


def sign_in(service: Service) -> str:
    with service.open("POST", "/v1/sign-in", {"credential": "x" * 40}, known=False) as response:
        check(response.status == 401, f"a wrong key was answered with {response.status}")
    with service.open("POST", "/v1/sign-in", {"credential": service.key}, known=False) as response:
        check(response.status == 200, f"signing in answered {response.status}")
        cookie = response.headers["Set-Cookie"]
        token = json.load(response)["csrf_token"]
    check("httponly" in cookie.lower() and "samesite=strict" in cookie.lower(), "the cookie is not a guarded one")
    held = {"Cookie": cookie.partition(";")[0]}
    with service.open("GET", "/v1/agents", headers=held, known=False) as response:
        check(response.status == 200, f"with the cookie /v1/agents answered {response.status}")
    with service.open("POST", "/v1/sign-out", headers=held, known=False) as response:
        check(response.status == 403, f"without the CSRF token signing out answered {response.status}")
    with service.open("POST", "/v1/sign-out", headers={**held, "X-CSRF-Token": token}, known=False) as response:
        check(response.status == 204, f"signing out answered {response.status}")
    return "the cookie opens what the key opens, and changes nothing without the page's token"


def upload(service: Service, session: str) -> str:
    body = WINE.read_bytes()
    with service.open("PUT", f"/v1/sessions/{session}/files/wine.csv", body) as response:
        check(response.status == 201, f"the upload answered {response.status}")
    return f"wine.csv, {len(body)} bytes"


def generate(service: Service, session: str) -> str:
    events = service.run("generate", {"prompt": PROMPT}, session)
    written = "".join(event["text"] for _, event in events if event["type"] == "code.delta")
    code = events[-1][1]["job"]["result"]["code"]
    check("wine.csv" in code and written.endswith(code), "the code was not streamed as it is in the result")
    return f"{len(events)} events, {len(code.splitlines())} lines of code"


def execute(service: Service, session: str) -> str:
    events = service.run("execute", {"code": CHART}, session)
    printed = next(at for at, event in events if event["type"] == "stdout")
    early = events[-1][0] - printed
    check(early > PAUSE_S / 2, f"the first output came only {early:.2f} s before the end: something buffers the stream")
    shown: dict[str, Any] = {}
    for _, event in events:
        if event["type"] == "output":
            shown.update(event["data"])
    table = shown.get("application/vnd.dataresource+json")
    check(table and len(table["data"]) == 3, f"there is no table in {sorted(shown)}")
    check("image/png" in shown, f"there is no figure in {sorted(shown)}")
    figure = f"/v1/jobs/{events[-1][1]['job']['id']}/artifacts/{shown['image/png']['artifact']}"
    with service.open("GET", figure) as response:
        image = response.read()
        check(response.status == 200 and image.startswith(PNG), f"the figure answered {response.status}")
    check(len(image) == shown["image/png"]["size"], "the figure is not as long as it should be")
    return f"first output {early:.1f} s before the end; a table; a figure of {len(image)} bytes"


def timed(step: Callable[..., str], *given: object) -> None:
    """Take a step, and print how long it took and what it saw."""
    name, began = step.__name__.replace("_", " "), time.monotonic()
    print(f"  {name:<20}", end=" ", flush=True)
    said = step(*given)
    print(f"{time.monotonic() - began:5.1f} s  {said}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url", help="where the page is")
    parser.add_argument("--key-file", type=Path, required=True, help="file with an API key of the scope user")
    arguments = parser.parse_args()
    service = Service(arguments.url, arguments.key_file.read_text().strip())
    session = ""
    try:
        for step in (readiness, strangers_stay_out, page, sign_in):
            timed(step, service)
        session = str(service.json("POST", "/v1/sessions", {"title": "smoke"})["id"])
        for work in (upload, generate, execute):
            timed(work, service, session)
    except (Failed, OSError, ValueError, KeyError) as error:
        print(f"  FAILED: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    finally:
        if session:
            service.open("DELETE", f"/v1/sessions/{session}").close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
