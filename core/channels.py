"""The doorbell and the loudspeaker: names of the channels by which processes wake each other.

Nothing that travels here is needed: a lost wake-up costs a second, a lost event is read from Postgres.
"""

from __future__ import annotations

from uuid import UUID

NEW_WORK = "aci_work"
"""Postgres channel: there may be something to release (a job came, a slot came free, a worker came)."""

EPOCH_KEY = "aci:epoch"
"""Redis key: gone when Redis was emptied, and with it every message that waited there."""


def job_channel(job_id: UUID) -> str:
    """Redis channel of one job's events."""
    return f"aci:job:{job_id}"
