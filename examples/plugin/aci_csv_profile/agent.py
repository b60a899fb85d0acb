"""What the service has to know of the agent. The API imports this, so it is small, and the runner is only named."""

from __future__ import annotations

from pydantic import Field

from core.agents.spec import AgentSpec, Input, Result
from core.agents.text import Line
from core.jobs.states import Holds


class ProfileInput(Input):
    """Which file to look at."""

    path: Line = Field(description="A CSV file of the session")
    sample: int = Field(100_000, ge=1, le=5_000_000, description="Rows that are read at most")


class Column(Result):
    """One column of the file."""

    column: str
    type: str
    missing: int
    distinct: int
    example: str | None


class ProfileResult(Result):
    """What was found."""

    rows: int
    columns: list[Column]


SPEC = AgentSpec(
    name="csv-profile",
    title="CSV profile",
    description="Says what is in a CSV file: its columns, their types, what is missing.",
    input_model=ProfileInput,
    result_model=ProfileResult,
    runner="aci_csv_profile.runner:run",
    holds=Holds.SANDBOX,
    timeout_s=120,
)
