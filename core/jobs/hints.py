"""What workers are told over Redis, so that they need not wait until they look by themselves.

Whoever hears a hint asks Postgres at once. One that is lost, or made up, changes nothing but the time.
"""

from __future__ import annotations

from core.channels import ANSWERS, STOPS
from core.telling import Hints


class StopHints(Hints):
    """A job, or whatever runs in a session, is to be stopped."""

    channel = STOPS
    meanwhile = "workers learn of cancels by their heartbeats"


class AnswerHints(Hints):
    """Somebody has answered what a job asks."""

    channel = ANSWERS
    meanwhile = "workers look for answers every second"
