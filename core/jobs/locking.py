"""How a statement that moves several jobs locks them: in the order of their ids, so that two groups never wait for each
other in a circle; and by the primary key, whatever Postgres takes the table for.

Left to itself the planner looks for the few queued or running rows by a partial index and joins them to what was asked
for. Where its statistics are older than a backlog, as they are for up to a minute after it came, that reads all that
waits, for every group: ten times the work of the whole statement.
"""

from __future__ import annotations


def locked(wanted: str) -> str:
    """The SQL of a FROM clause: `wanted`, a CTE with an `id`, beside the row of each of its jobs, `job`, locked.

    Conditions on `job` see what the row became while its lock was waited for. OFFSET 0 keeps them from being moved to
    before the lock, where they would choose the index.
    """
    return (
        f"(SELECT * FROM {wanted} ORDER BY id) AS wanted "
        "CROSS JOIN LATERAL (SELECT * FROM jobs WHERE jobs.id = wanted.id OFFSET 0 FOR NO KEY UPDATE) AS job"
    )
