"""An issuer whose keys the tests hold, for tokens that no honest one would sign, and answers that none would give."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

AUDIENCE = "aci-tests"


class Signer:
    """A key pair of the issuer."""

    def __init__(self, kid: str, algorithm: str = "RS256") -> None:
        self.kid, self.algorithm = kid, algorithm
        self.private: Any
        if algorithm.startswith("ES"):
            self.private = ec.generate_private_key(ec.SECP256R1())
            public = json.loads(ECAlgorithm.to_jwk(self.private.public_key()))
        else:
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            public = json.loads(RSAAlgorithm.to_jwk(self.private.public_key()))
        self.public = public | {"kid": kid, "use": "sig", "alg": algorithm}


@cache
def first_signer() -> Signer:
    """The one that every issuer begins with: to draw a key takes longer than most tests."""
    return Signer("first")


class Issuer:
    """Serves a discovery document and keys on loopback, and counts who asks."""

    def __init__(self) -> None:
        self.signers = [first_signer()]
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        """In place of the honest answer, by path."""
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.asked.append(self.path)
                if self.path in issuer.answers:
                    issuer.answers[self.path](self)
                elif self.path == "/.well-known/openid-configuration":
                    answer(self, {"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})
                elif self.path == "/keys":
                    answer(self, {"keys": [signer.public for signer in issuer.signers]})
                else:
                    self.send_error(404)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims of a good token, with some of them changed, or left out where None."""
        now = int(time.time())
        good = {
            "iss": self.url,
            "sub": "ada",
            "aud": AUDIENCE,
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "org": "lovelace",
            "scope": "openid aci:user",
        }
        return {name: value for name, value in (good | changed).items() if value is not None}

    def token(self, signer: Signer | None = None, header: dict[str, Any] | None = None, **changed: Any) -> str:
        """A token signed with a key of the issuer."""
        signer = signer or self.signers[0]
        return jwt.encode(
            self.claims(**changed),
            signer.private,
            algorithm=signer.algorithm,
            headers={"kid": signer.kid} | (header or {}),
        )


def answer(request: BaseHTTPRequestHandler, document: Any) -> None:
    """Answer with JSON."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
