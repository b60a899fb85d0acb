"""Strands models for candidates. Each is made once a process and used by all its jobs, for clients are costly.

Our own client settings matter here: the chain, not botocore, decides about a second try, and a silence is as long
as the settings say.
"""

from __future__ import annotations

from boto3 import Session
from botocore.config import Config
from strands.models import BedrockModel, Model

from core.settings import Settings
from workers.models.account import Account
from workers.models.candidates import Candidate, UnknownModel
from workers.models.demo.model import DemoModel
from workers.models.faults import Kind, fault

CONNECT_TIMEOUT_S = 10.0


def make_model(candidate: Candidate, settings: Settings, account: Account) -> Model:
    """The Strands model of a candidate. Blocks for a moment; raises CandidateFault or what botocore raises."""
    match candidate.provider:
        case "bedrock":
            if account.session is None:
                raise fault(Kind.CREDENTIALS)
            return _bedrock(candidate.model, settings, account.session)
        case "demo":
            return DemoModel()
    raise UnknownModel(f"There is no provider {candidate.provider!r}.")


def _bedrock(model_id: str, settings: Settings, session: Session) -> BedrockModel:
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=min(CONNECT_TIMEOUT_S, settings.model_timeout_s),
        read_timeout=settings.model_timeout_s,
        # botocore's default of ten would open and throw away a connection for every job past the tenth.
        max_pool_connections=streams_at_once(settings),
    )
    # Sampling parameters stay unset: several newer models refuse any but their own.
    return BedrockModel(
        boto_session=session,
        boto_client_config=config,
        endpoint_url=settings.bedrock_endpoint,
        model_id=model_id,
        max_tokens=settings.model_max_tokens,
    )


def streams_at_once(settings: Settings) -> int:
    """Answers that may be under way in one process: its slots, and as many that were left behind by a cancel."""
    return 2 * settings.worker_slots
