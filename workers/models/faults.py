"""What an exception of a model means: a reason in plain words, and whether the whole provider is out.

The provider's own message is left out on purpose: AWS puts account numbers, and for bad signatures whole signed
headers, into it. Its error code says enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import botocore.exceptions as aws
import urllib3.exceptions
from botocore.eventstream import ParserError
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException


class Kind(StrEnum):
    """Sorts of failure; they differ in what the user can do."""

    THROTTLED = "throttled"
    DENIED = "denied"
    CREDENTIALS = "credentials"
    GONE = "gone"
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

    @property
    def whole_provider(self) -> bool:
        """Its other models would fail for the same reason."""
        return self.kind is Kind.CREDENTIALS


REASONS = {
    Kind.THROTTLED: "it is throttled",
    Kind.DENIED: "access to it is denied",
    Kind.CREDENTIALS: "AWS does not accept the credentials",
    Kind.GONE: "it does not exist here or has reached its end of life",
    Kind.TOO_LONG: "the request is too long for it",
    Kind.REJECTED: "it rejected the request",
    Kind.TIMEOUT: "it was silent for too long",
    Kind.CONNECTION: "it could not be reached",
    Kind.UNAVAILABLE: "it is unavailable",
    Kind.BROKEN_OFF: "its answer broke off",
    Kind.UNEXPECTED: "it failed unexpectedly",
}

ADVICE = {
    Kind.CREDENTIALS: "Renew the AWS credentials (aws sso login, or new keys) and restart the workers",
    Kind.DENIED: "Ask for access to the model in the Bedrock console and allow bedrock:InvokeModelWithResponseStream",
    Kind.GONE: "Name models in ACI_MODELS that are active in AWS_REGION",
    Kind.CONNECTION: "Check AWS_REGION, the network, and ACI_BEDROCK_ENDPOINT if it is set",
    Kind.TOO_LONG: "Shorten the request or start a new session",
    Kind.REJECTED: "Check the ids in ACI_MODELS",
    Kind.THROTTLED: "Try again in a minute, or name more models in ACI_MODELS",
}
LAST_ADVICE = "Try again in a minute"

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
_STATUS = {401: Kind.CREDENTIALS, 403: Kind.DENIED, 404: Kind.GONE, 408: Kind.TIMEOUT, 429: Kind.THROTTLED}

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
_TIMEOUTS = (TimeoutError, aws.ReadTimeoutError, urllib3.exceptions.ReadTimeoutError)
_BROKEN = (
    # Raised raw from the response's body, past botocore.
    urllib3.exceptions.ProtocolError,
    aws.ResponseStreamingError,
    aws.EventStreamError,
    ParserError,
)
_CONNECTION = (
    aws.ConnectionError,
    aws.HTTPClientError,
    aws.NoRegionError,
    aws.InvalidRegionError,
    urllib3.exceptions.HTTPError,
    OSError,
)


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
    ):
        if isinstance(error, kinds):
            return fault(kind, type(error).__name__)
    return fault(Kind.UNEXPECTED, type(error).__name__)


def fault(kind: Kind, code: str | None = None) -> CandidateFault:
    """A fault with its reason, and the code or class that told us."""
    return CandidateFault(kind, REASONS[kind] + (f" ({code})" if code else ""))


def _from_code(error: aws.ClientError) -> CandidateFault:
    code = re.sub(r"[^A-Za-z0-9]", "", str(error.response.get("Error", {}).get("Code", "")))[:60]
    folded = code.lower()
    for kind, beginnings in _CODES.items():
        if folded.startswith(beginnings):
            return fault(kind, code)
    if isinstance(error, aws.EventStreamError):
        return fault(Kind.BROKEN_OFF, code)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return fault(_STATUS.get(status, Kind.UNAVAILABLE if status >= 500 else Kind.UNEXPECTED), code)
