"""What the agent does. Workers import this, once for all jobs; it must never block, since many jobs share one loop."""

from __future__ import annotations

from typing import Any

from aci_csv_profile.agent import ProfileInput
from core.jobs.states import Failure
from workers.context import AgentFailure, Context, Outcome

PROGRAM = """
import pandas as pd

data = pd.read_csv({path!r}, nrows={sample})
print(f"{{len(data)}} rows, {{len(data.columns)}} columns")
pd.DataFrame({{
    "column": [str(name) for name in data.columns],
    "type": [str(kind) for kind in data.dtypes],
    "missing": [int(data[name].isna().sum()) for name in data.columns],
    "distinct": [int(data[name].nunique()) for name in data.columns],
    "example": [None if data[name].dropna().empty else str(data[name].dropna().iloc[0])[:60] for name in data.columns],
    "rows": len(data),
}}).set_index("column")
"""
TABLE = "application/vnd.dataresource+json"


async def run(input_: ProfileInput, context: Context) -> Outcome:
    """Profile the file in the session's sandbox: the program's output and its table are shown by the sandbox itself."""
    context.progress(f"Looking for {input_.path}", step=1, steps=2)
    if input_.path not in [file.path for file in await context.files()]:
        there = ", ".join(file.path for file in await context.files()) or "none"
        raise AgentFailure(
            Failure.USER_CODE_ERROR, "There is no such file", f"The session has no {input_.path!r}. Its files: {there}."
        )
    context.progress("Reading it in the sandbox", step=2, steps=2)
    async with context.sandbox(timeout_s=90) as sandbox:
        ran = await sandbox.run(PROGRAM.format(path=input_.path, sample=input_.sample))
    if ran.failure is not None:
        raise ran.failure
    table: list[dict[str, Any]] = next(
        bundle[TABLE]["data"] for bundle in reversed(ran.result["outputs"]) if TABLE in bundle
    )
    rows = table[0]["rows"] if table else 0
    columns = [{key: value for key, value in row.items() if key != "rows"} for row in table]
    holes = [column["column"] for column in columns if column["missing"]]
    context.say(
        f"**{input_.path}** has {rows} rows and {len(columns)} columns; "
        + (f"values are missing in {', '.join(holes)}." if holes else "no value is missing.")
    )
    return Outcome({"rows": rows, "columns": columns})
