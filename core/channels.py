"""The doorbell and the loudspeaker: names of the channels by which processes wake each other.

Nothing that travels here is needed: a lost wake-up costs a second, a lost event is read from Postgres.
"""

from __future__ import annotations

NEW_WORK = "aci_work"
"""Postgres channel: there may be something to release (a job came, a slot came free, a worker came). The payload names
the pool of workers that it is about; an empty one means all.
"""

EPOCH_KEY = "aci:epoch"
"""Redis key: gone when Redis was emptied, and with it every message that waited there."""

EVENTS = "aci:events"
"""Redis channel of all jobs' events (core/events/news.py): one message for all that a process had to say at once. A
channel for each job would cost Redis a command for each, and the readers a subscription.
"""

STOPS = "aci:stops"
"""Redis channel: `[id, …]` of jobs, and of sessions, in which something was asked to stop."""

ANSWERS = "aci:answers"
"""Redis channel: `[id, …]` of jobs whose question was answered."""
