"""What an exception of a model means: a reason in plain words, and whether the whole provider is out.

The provider's own message is left out on purpose: AWS puts account numbers, and for bad signatures whole signed
headers, into it. Its error code says enough. Clients of other providers are told by what their exceptions have in
common, so that none of their packages has to be here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import botocore.exceptions as aws
import httpx
import urllib3.exceptions
from botocore.eventstream import ParserError
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException


class Kind(StrEnum):
    """Sorts of failure; they differ in what the user can do."""

    THROTTLED = "throttled"
    DENIED = "denied"
    CREDENTIALS = "credentials"
    GONE = "gone"
    UNKNOWN = "unknown"
    SETUP = "setup"
    TOO_LONG = "too-long"
    REJECTED = "rejected"
    TIMEOUT = "timeout"
    CONNECTION = "connection"
    UNAVAILABLE = "unavailable"
    BROKEN_OFF = "broken-off"
    UNEXPECTED = "unexpected"


@dataclass
class CandidateFault(Exception):
    """One candidate could not answer; the next may."""

    kind: Kind
    reason: str
    advice: str | None = None
    """What to do, where that is more exact than what is said for its kind."""

    @property
    def whole_provider(self) -> bool:
        """Its other models would fail for the same reason."""
        return self.kind is Kind.CREDENTIALS


REASONS = {
    Kind.THROTTLED: "it is throttled",
    Kind.DENIED: "access to it is denied",
    Kind.CREDENTIALS: "the credentials are not accepted",
    Kind.GONE: "it does not exist here or has reached its end of life",
    Kind.UNKNOWN: "nobody knows a model of this name there",
    Kind.SETUP: "it is not set up",
    Kind.TOO_LONG: "the request is too long for it",
    Kind.REJECTED: "it rejected the request",
    Kind.TIMEOUT: "it was silent for too long",
    Kind.CONNECTION: "it could not be reached",
    Kind.UNAVAILABLE: "it is unavailable",
    Kind.BROKEN_OFF: "its answer broke off",
    Kind.UNEXPECTED: "it failed unexpectedly",
}

ADVICE = {
    Kind.CREDENTIALS: "Give new credentials and restart the workers",
    Kind.DENIED: "Ask the provider for access to the model",
    Kind.GONE: "Name models in ACI_MODELS that are active where you ask for them",
    Kind.UNKNOWN: "Check the ids in ACI_MODELS",
    Kind.SETUP: "See docs/models.md",
    Kind.CONNECTION: "Check the network, and the address if one is set",
    Kind.TOO_LONG: "Shorten the request or start a new session",
    Kind.REJECTED: "Check what ACI_MODEL_OPTIONS sets for it",
    Kind.THROTTLED: "Try again in a minute, or name more models in ACI_MODELS",
}
_MORE_EXACT = {
    ("bedrock", Kind.CREDENTIALS): "Renew the AWS credentials (aws sso login, or new keys) and restart the workers",
    ("bedrock", Kind.DENIED): "Ask for access to the model in the Bedrock console and allow "
    "bedrock:InvokeModelWithResponseStream",
    ("bedrock", Kind.GONE): "Name models in ACI_MODELS that are active in AWS_REGION",
    ("bedrock", Kind.UNKNOWN): "Check the ids in ACI_MODELS: most models need an inference profile (us.…, global.…), "
    "and one that AWS_REGION has",
    ("bedrock", Kind.CONNECTION): "Check AWS_REGION, the network, and ACI_BEDROCK_ENDPOINT if it is set",
    ("ollama", Kind.CONNECTION): "Start it (ollama serve), or say where it is in OLLAMA_HOST",
    ("ollama", Kind.GONE): "Fetch the model: ollama pull, and its name",
    ("openai", Kind.CREDENTIALS): "Set OPENAI_API_KEY and restart the workers",
    ("openai", Kind.CONNECTION): "Check OPENAI_BASE_URL, and that a server runs there",
    ("anthropic", Kind.CREDENTIALS): "Set ANTHROPIC_API_KEY and restart the workers",
}
LAST_ADVICE = "Try again in a minute"


def advised(found: CandidateFault, provider: str) -> CandidateFault:
    """The same, with what to do about it at this provider."""
    advice = found.advice or _MORE_EXACT.get((provider, found.kind)) or ADVICE.get(found.kind)
    return CandidateFault(found.kind, found.reason, advice)


_CODES = {
    Kind.THROTTLED: ("throttling", "toomanyrequests", "servicequotaexceeded", "slowdown"),
    Kind.CREDENTIALS: (
        "expiredtoken",
        "unrecognizedclient",
        "invalidsignature",
        "signaturedoesnotmatch",
        "invalidclienttokenid",
        "missingauthenticationtoken",
        "incompletesignature",
    ),
    Kind.DENIED: ("accessdenied", "unauthorized", "forbidden", "optinrequired"),
    Kind.GONE: ("resourcenotfound",),
    Kind.REJECTED: ("validation",),
    Kind.TIMEOUT: ("modeltimeout",),
    Kind.UNAVAILABLE: ("serviceunavailable", "internalserver", "modelnotready", "modelstreamerror", "modelerror"),
}
_STATUS = {
    400: Kind.REJECTED,
    401: Kind.CREDENTIALS,
    402: Kind.DENIED,
    403: Kind.DENIED,
    404: Kind.GONE,
    408: Kind.TIMEOUT,
    429: Kind.THROTTLED,
}

_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.MetadataRetrievalError,
    aws.SSOError,
    aws.TokenRetrievalError,
    aws.UnauthorizedSSOTokenError,
    aws.LoginError,
    aws.ProfileNotFound,
    aws.NoAuthTokenError,
)
_TIMEOUTS = (
    TimeoutError,
    aws.ReadTimeoutError,
    urllib3.exceptions.ReadTimeoutError,
    httpx.ReadTimeout,
    httpx.WriteTimeout,
    httpx.PoolTimeout,
)
_BROKEN = (
    # Raised raw from the response's body, past botocore.
    urllib3.exceptions.ProtocolError,
    aws.ResponseStreamingError,
    aws.EventStreamError,
    ParserError,
    httpx.RemoteProtocolError,
    httpx.ReadError,
)
_CONNECTION = (
    aws.ConnectionError,
    aws.HTTPClientError,
    aws.NoRegionError,
    aws.InvalidRegionError,
    urllib3.exceptions.HTTPError,
    httpx.TransportError,
    OSError,
)

_UNKNOWN = re.compile(r"model identifier is invalid|on-demand throughput isn.t supported", re.IGNORECASE)
"""What Bedrock says, in a ValidationException, of an id that it does not know, or only by an inference profile."""


def classify(error: Exception) -> CandidateFault:
    """Sort an exception that a provider's client raised."""
    if isinstance(error, CandidateFault):
        return error
    if isinstance(error, ModelThrottledException):
        return fault(Kind.THROTTLED)
    if isinstance(error, ContextWindowOverflowException):
        return fault(Kind.TOO_LONG)
    if isinstance(error, aws.ClientError):
        return _from_code(error)
    for kinds, kind in (
        (_CREDENTIALS, Kind.CREDENTIALS),
        (_TIMEOUTS, Kind.TIMEOUT),
        (_BROKEN, Kind.BROKEN_OFF),
        (_CONNECTION, Kind.CONNECTION),
        # What is left of botocore's own: it did not come to sending anything.
        (aws.BotoCoreError, Kind.SETUP),
    ):
        if isinstance(error, kinds):
            return fault(kind, type(error).__name__)
    return _from_http(error) or _from_cause(error) or fault(Kind.UNEXPECTED, type(error).__name__)


def _from_http(error: Exception) -> CandidateFault | None:
    """What the clients of OpenAI, Anthropic, Ollama and LiteLLM raise carries the status of the answer."""
    status = getattr(error, "status_code", None)
    if not isinstance(status, int) or status < 400:
        return None
    kind = _STATUS.get(status, Kind.UNAVAILABLE if status >= 500 else Kind.REJECTED)
    return fault(kind, f"HTTP {status}")


def _from_cause(error: Exception) -> CandidateFault | None:
    """A client's own class around an exception of the connection; or one that came within a stream, without status."""
    name = type(error).__name__
    if "Timeout" in name:
        return fault(Kind.TIMEOUT, name)
    if "Connection" in name:
        return fault(Kind.CONNECTION, name)
    if name == "APIError":
        return fault(Kind.BROKEN_OFF, name)
    return None


def fault(kind: Kind, code: str | None = None) -> CandidateFault:
    """A fault with its reason, and the code or class that told us."""
    return CandidateFault(kind, REASONS[kind] + (f" ({code})" if code else ""))


def _from_code(error: aws.ClientError) -> CandidateFault:
    code = re.sub(r"[^A-Za-z0-9]", "", str(error.response.get("Error", {}).get("Code", "")))[:60]
    folded = code.lower()
    if folded.startswith("validation") and _UNKNOWN.search(str(error.response["Error"].get("Message", ""))):
        return fault(Kind.UNKNOWN, code)
    for kind, beginnings in _CODES.items():
        if folded.startswith(beginnings):
            return fault(kind, code)
    if isinstance(error, aws.EventStreamError):
        return fault(Kind.BROKEN_OFF, code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return fault(_STATUS.get(status, Kind.UNAVAILABLE if status >= 500 else Kind.UNEXPECTED), code)
