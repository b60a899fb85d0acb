"""The page is developed under the policy that it is served under."""

from __future__ import annotations

import re
from pathlib import Path

from api.page import CONTENT_SECURITY_POLICY

SOURCE = Path(__file__).resolve().parents[3] / "frontend" / "csp.ts"


def test_the_page_is_served_under_the_policy_that_it_is_developed_under() -> None:
    listed = re.findall(r'^  "(.+)",$', SOURCE.read_text(), re.MULTILINE)
    assert "; ".join(listed) == CONTENT_SECURITY_POLICY
