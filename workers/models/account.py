"""The AWS account that a process uses for Bedrock: looked for once, and its session shared by all clients.

Looking may ask EC2's metadata service, which does not exist on a laptop; that question is asked once a process
and given up on after a second.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import boto3
import botocore.session
from botocore.exceptions import BotoCoreError

from core.settings import Settings

METADATA_TIMEOUT_S = 1


@dataclass(frozen=True, slots=True)
class Account:
    """What was found."""

    session: boto3.Session | None
    """None where not even a session could be made, as with a profile that does not exist."""
    configured: bool
    """Somebody set AWS up here: credentials, a profile, an API key for Bedrock, or an endpoint."""
    usable: bool = False
    """There are credentials; whether AWS accepts them is not known."""
    problem: str | None = None
    """What is wrong with it, where that is known already."""


def find_account(settings: Settings) -> Account:
    """Look for AWS credentials the way every AWS tool does. Blocks for up to two seconds.

    A set-up that cannot work is told in `problem`, not raised.
    """
    try:
        core = botocore.session.Session()
        core.set_config_variable("metadata_service_timeout", METADATA_TIMEOUT_S)
        core.set_config_variable("metadata_service_num_attempts", 1)
        session = boto3.Session(botocore_session=core, region_name=_region(settings, core))
        found = session.get_credentials() is not None
    except BotoCoreError as error:
        # Such as a profile that does not exist or half a key pair: AWS is set up here, but wrongly.
        return Account(None, configured=True, problem=f"The AWS set-up cannot be used ({type(error).__name__})")
    keyed = bool(os.environ.get("AWS_BEARER_TOKEN_BEDROCK"))
    usable = found or keyed
    return Account(session, configured=usable or settings.bedrock_endpoint is not None, usable=usable)


def _region(settings: Settings, core: botocore.session.Session) -> str:
    """AWS_REGION where it is set, which boto3 does not read; then what boto3 reads; then our default."""
    if "aws_region" in settings.model_fields_set:
        return settings.aws_region
    configured: str | None = core.get_config_variable("region")
    return configured or settings.aws_region
