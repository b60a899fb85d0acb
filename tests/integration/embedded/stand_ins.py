"""Programs that stand in for the service's processes: `python stand_ins.py <which>`."""

import http.server
import json
import os
import sys
import time


def sleeps() -> None:
    """Does nothing, for as long as it is let."""
    time.sleep(1e6)


def shows_environment() -> None:
    """Prints what it was given."""
    print(json.dumps(dict(os.environ)), flush=True)
    time.sleep(1e6)


def dies() -> None:
    """Fails right after its start."""
    print("no luck today", flush=True)
    sys.exit(3)


class Ready(http.server.BaseHTTPRequestHandler):
    """Says that all is well, on every path."""

    def do_GET(self) -> None:
        parts = {"model": {"status": "ok", "detail": "demo model"}, "sandbox": {"status": "ok", "tier": "A"}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"status": "ready", "parts": parts}).encode())


def api() -> None:
    """Answers where the API would."""
    address = (os.environ["ACI_HOST"], int(os.environ["ACI_PORT"]))
    http.server.ThreadingHTTPServer(address, Ready).serve_forever()


if __name__ == "__main__":
    {"sleeps": sleeps, "shows-environment": shows_environment, "dies": dies, "api": api}[sys.argv[1]]()
