"""How many tokens a text has, roughly: each model counts otherwise, and only some can be asked without being paid."""

from __future__ import annotations

BYTES_A_TOKEN = 4


def estimate(text: str) -> int:
    """About right for English and code; UTF-8 makes other scripts count for more, as they do."""
    return (len(text.encode(errors="replace")) + BYTES_A_TOKEN - 1) // BYTES_A_TOKEN
