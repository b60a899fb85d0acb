"""What a model's exception means."""

from __future__ import annotations

import botocore.exceptions as aws
import pytest
import urllib3.exceptions
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException

from workers.models.faults import Kind, classify


def client_error(code, status, message="arn:aws:iam::123456789012:user/x secret-token"):
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return aws.ClientError(response, "ConverseStream")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ModelThrottledException("slow down"), Kind.THROTTLED),
        (client_error("ServiceQuotaExceededException", 400), Kind.THROTTLED),
        (client_error("AccessDeniedException", 403), Kind.DENIED),
        (client_error("ExpiredTokenException", 403), Kind.CREDENTIALS),
        (client_error("UnrecognizedClientException", 403), Kind.CREDENTIALS),
        (client_error("ResourceNotFoundException", 404), Kind.GONE),
        (client_error("ValidationException", 400), Kind.REJECTED),
        (client_error("ModelTimeoutException", 408), Kind.TIMEOUT),
        (client_error("InternalServerException", 500), Kind.UNAVAILABLE),
        (client_error("Whatever", 502), Kind.UNAVAILABLE),
        (ContextWindowOverflowException("long"), Kind.TOO_LONG),
        (aws.NoCredentialsError(), Kind.CREDENTIALS),
        (aws.ProfileNotFound(profile="x"), Kind.CREDENTIALS),
        (aws.EndpointConnectionError(endpoint_url="https://x"), Kind.CONNECTION),
        (aws.ReadTimeoutError(endpoint_url="https://x"), Kind.TIMEOUT),
        (urllib3.exceptions.ReadTimeoutError(None, None, "slow"), Kind.TIMEOUT),  # type: ignore[arg-type]
        (urllib3.exceptions.ProtocolError("broken"), Kind.BROKEN_OFF),
        (TimeoutError(), Kind.TIMEOUT),
        (aws.InvalidEndpointConfigurationError(msg="Bearer authorization requires an HTTPS endpoint."), Kind.SETUP),
        (client_error("ValidationException", 400, "The provided model identifier is invalid."), Kind.UNKNOWN),
        (
            client_error(
                "ValidationException", 400, "Invocation of model ID x with on-demand throughput isn’t supported."
            ),
            Kind.UNKNOWN,
        ),
        (KeyError("ours"), Kind.UNEXPECTED),
    ],
)
def test_an_exception_is_sorted(error, kind):
    assert classify(error).kind is kind


def test_what_aws_says_never_reaches_the_user():
    for code in ("AccessDeniedException", "Odd<code>"):
        reason = classify(client_error(code, 403)).reason
        assert "123456789012" not in reason
        assert "secret" not in reason
        assert "<" not in reason


def test_refused_credentials_put_the_whole_provider_out():
    assert classify(client_error("ExpiredTokenException", 403)).whole_provider
    assert not classify(client_error("AccessDeniedException", 403)).whole_provider
