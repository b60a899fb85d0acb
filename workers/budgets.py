"""What one job, and all jobs of one session, may spend on models (`ACI_BUDGET_…`).

Looked at before a model is asked, so an answer under way is never cut; the length of one is bounded by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from core.database.pool import Pool
from core.jobs.lease import Claim
from core.settings import Settings
from core.usage import repository
from core.usage.used import Used


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A budget that is used up, in the user's words."""

    title: str
    detail: str


async def exceeded(settings: Settings, pool: Pool, claim: Claim, used: Used) -> Exceeded | None:
    """Which budget is used up by what this job used so far, and its session's ended jobs did; None while none is."""
    if passed := _passed(used, settings.budget_tokens_per_job, settings.budget_cost_per_job_usd):
        return Exceeded("The job's budget is used up", f"{passed} is what one job may use. Ask for less in one job.")
    most, most_usd = settings.budget_tokens_per_session, settings.budget_cost_per_session_usd
    if claim.session_id is None or (most is None and most_usd is None):
        return None
    if passed := _passed(await repository.of_session(pool, claim.session_id) + used, most, most_usd):
        return Exceeded(
            "The session's budget is used up", f"{passed} is what one session may use. Go on in a new session."
        )
    return None


def _passed(used: Used, tokens: int | None, cost_usd: float | None) -> str | None:
    if tokens is not None and used.tokens >= tokens:
        return f"{tokens} tokens"
    if cost_usd is not None and used.cost_usd >= Decimal(str(cost_usd)):
        return f"{cost_usd:g} USD"
    return None
