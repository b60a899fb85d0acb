"""Tells operators of credentials that were refused: what was wrong and how often, never what came.

One line at once, then one in ten seconds at most, with the count of all since, and one at the end. Nothing of a refused
credential is logged, not even its beginning: it may be the key of another service.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

logger = logging.getLogger(__name__)

EVERY_S = 10.0


class Refusals:
    """Made once a process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._newest_from = ""
        self._told_at = float("-inf")

    def note(self, why: str, address: str) -> None:
        """A credential was refused that came from `address`."""
        self._counts[why] += 1
        self._newest_from = address
        if self._clock() - self._told_at >= EVERY_S:
            self.tell()

    def tell(self) -> None:
        """Say now what has not been said; called at the end, too."""
        if not self._counts:
            return
        self._told_at = self._clock()
        said = ", ".join(f"{count} × {reason}" for reason, count in sorted(self._counts.items()))
        logger.warning("Refused credentials: %s. The newest came from %s.", said, self._newest_from)
        self._counts.clear()
