"""Signatures made by botocore, and what becomes of them when anything about the request changes."""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox.wire.errors import AccessDeniedException
from sandbox.wire.sigv4 import SERVICE, Verifier

KEY, SECRET = "AKIDEXAMPLE", "a secret"
URL = "http://127.0.0.1:8970/code-interpreters/aws.codeinterpreter.v1%3A1/sessions/stop?sessionId=AB12&b=%20x"


class Signed:
    """A request as it arrives, signed by botocore."""

    def __init__(self, *, secret: str = SECRET, service: str = SERVICE, key: str = KEY) -> None:
        self.body = b'{"a": 1}'
        request = AWSRequest("PUT", URL, data=self.body, headers={"Content-Type": "application/json"})
        request.context["payload_signing_enabled"] = True
        SigV4Auth(Credentials(key, secret), service, "us-west-2").add_auth(request)
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        self.headers["host"] = "127.0.0.1:8970"
        self.method = "PUT"
        self.path, self.query = urlsplit(URL).path, urlsplit(URL).query
        self.now = datetime.now(UTC)

    def verify(self) -> None:
        verifier = Verifier(KEY, SECRET)
        claim = verifier.read_claim(self.headers, self.now)
        digest = hashlib.sha256(self.body).hexdigest()
        verifier.verify(claim, self.method, self.path, self.query, self.headers, digest)


def test_a_request_signed_by_botocore_is_accepted() -> None:
    Signed().verify()


def test_a_changed_body_is_refused() -> None:
    request = Signed()
    request.body += b" "
    with pytest.raises(AccessDeniedException):
        request.verify()


def test_a_changed_body_is_refused_even_if_it_states_its_own_hash() -> None:
    request = Signed()
    request.body += b" "
    request.headers["x-amz-content-sha256"] = hashlib.sha256(request.body).hexdigest()
    with pytest.raises(AccessDeniedException):
        request.verify()


@pytest.mark.parametrize(
    ("name", "value"),
    [("method", "POST"), ("path", "/code-interpreters/other/sessions/stop"), ("query", "sessionId=XY&b=%20x")],
)
def test_a_changed_request_is_refused(name: str, value: str) -> None:
    request = Signed()
    setattr(request, name, value)
    with pytest.raises(AccessDeniedException, match="does not match"):
        request.verify()


def test_a_changed_signed_header_is_refused() -> None:
    request = Signed()
    request.headers["host"] = "elsewhere"
    with pytest.raises(AccessDeniedException, match="does not match"):
        request.verify()


def test_an_amazon_header_that_was_not_signed_is_refused() -> None:
    request = Signed()
    request.headers["x-amzn-code-interpreter-session-id"] = "stolen"
    with pytest.raises(AccessDeniedException, match="must be signed"):
        request.verify()


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_is_good_for_five_minutes_either_way(minutes: int) -> None:
    request = Signed()
    request.now += timedelta(minutes=minutes)
    with pytest.raises(AccessDeniedException, match="expired"):
        request.verify()
    request.now -= timedelta(minutes=minutes)
    request.verify()


@pytest.mark.parametrize("wrong", [{"secret": "another"}, {"key": "AKIDOTHER"}, {"service": "bedrock"}])
def test_another_key_secret_or_service_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(AccessDeniedException):
        Signed(**wrong).verify()


@pytest.mark.parametrize(
    "value", ["", "Basic abc", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=, Signature="]
)
def test_what_is_no_signature_is_refused(value: str) -> None:
    request = Signed()
    request.headers["authorization"] = value
    with pytest.raises(AccessDeniedException):
        request.verify()
