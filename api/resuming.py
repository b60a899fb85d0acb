"""Where a stream begins: after the event that its client has seen, which it names in `Last-Event-ID` or `?after=`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header

from api.hub.vector import NotAVector, Vector
from core.database.pool import Pool
from core.errors import ServiceError
from core.ids import Prefix, encode
from core.jobs.reading import Head
from core.sessions import following
from core.sessions.repository import Session

NOW = "now"
"""In place of an id: nothing of what was, all of what comes."""
LONGEST_NUMBER = 10
"""Digits; no event has a number with more."""

LastEventId = Annotated[
    str | None,
    Header(
        description="The `id` of the last event that was seen, as browsers send it by themselves; goes before `after`"
    ),
]


class BadEventId(ServiceError):
    """A client wants to go on after an event that is not there."""

    slug = "bad-event-id"
    title = "There is no such event to go on after"
    status = 400


def job_start(job: Head, after: str | int, last_event_id: str | None) -> int:
    """The number after which a job's events are wanted. Raises BadEventId."""
    text = last_event_id or str(after)
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise BadEventId("Events of a job are numbered 1, 2, 3 …; that is no such number.")
    number = int(text)
    if number > job.last_seq and not job.state.terminal:
        raise BadEventId(f"The job has {job.last_seq} events so far, and none with the number {number}.")
    return number


async def session_start(pool: Pool, session: Session, arrivals: int, text: str | None) -> Vector:
    """How far a client has come with a session's events, `arrivals` being the jobs that have come to it by now.

    Raises BadEventId.
    """
    if not text:
        return Vector()
    if text == NOW:
        return await _now(pool, session, arrivals)
    try:
        vector = Vector.read(text, session.id)
    except NotAVector as error:
        raise BadEventId(f"That is no id of an event of {encode(Prefix.SESSION, session.id)}: {error}.") from None
    if vector.reach > arrivals:
        raise BadEventId(f"{arrivals} jobs have come to the session so far; that id knows of more.")
    return vector


async def _now(pool: Pool, session: Session, arrivals: int) -> Vector:
    """All that is there now counts as seen."""
    vector = Vector(await following.before_live(pool, session.id, arrivals))
    reached = vector.done
    while members := await following.members(pool, session.id, reached, 1000):
        for member in members:
            if member.arrival <= arrivals:  # later ones came meanwhile
                vector[member.arrival] = member.last_seq
                if member.state.terminal:
                    vector.finish(member.arrival)
        reached = members[-1].arrival
    return vector
