"""A circuit for each model: after it has failed, others are asked first for a while, and then one question tries it.

`closed`: it is asked in its turn. `open`: it is asked only when all others have failed. `half-open`: its time is over;
the next question goes to it, alone, and the outcome closes the circuit or opens it for twice as long. A circuit
belongs to a process; `shared_circuits` tells the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from workers.models.faults import ADVICE, CandidateFault, Kind

State = Literal["closed", "open", "half-open"]

AT_ONCE = frozenset({Kind.DENIED, Kind.CREDENTIALS, Kind.GONE, Kind.UNKNOWN, Kind.SETUP})
"""What does not pass by itself: one failure tells enough."""
NEVER = frozenset({Kind.TOO_LONG, Kind.REJECTED})
"""What lies in the question and not in the model."""
IN_A_ROW = 3
"""Failures of any other kind that open a circuit."""

FIRST_S = 10.0
FIRST_LASTING_S = 60.0
LONGEST_S = 300.0


@dataclass(slots=True)
class Circuit:
    """Of one model. Times are of the monotonic clock, but for what is shown."""

    failures: int = 0
    """In a row."""
    opened_s: float = 0.0
    """How long it is open this time; 0 while it is closed."""
    until: float = 0.0
    probing: bool = False
    adopted: bool = False
    """Another process opened it."""
    last: CandidateFault | None = None
    last_at: datetime | None = None

    def state(self, now: float) -> State:
        """What it is at that moment."""
        if not self.opened_s:
            return "closed"
        return "open" if now < self.until else "half-open"


@dataclass(slots=True)
class Circuits:
    """All circuits of a process. Not thread-safe: used from its event loop, and read from elsewhere."""

    clock: Callable[[], float] = time.monotonic
    on_open: Callable[[str, Circuit], None] = lambda name, circuit: None
    on_close: Callable[[str], None] = lambda name: None
    _circuits: dict[str, Circuit] = field(default_factory=dict)

    def of(self, name: str) -> Circuit:
        """The circuit of a model."""
        return self._circuits.setdefault(name, Circuit())

    def closed_to(self, name: str) -> CandidateFault | None:
        """Why a model is not to be asked in its turn; None when it is. Of a half-open one, the first to ask is its
        probe, and has to tell the outcome.
        """
        circuit = self.of(name)
        state = circuit.state(self.clock())
        if state == "closed":
            return None
        if state == "half-open" and not circuit.probing:
            circuit.probing = True
            return None
        return circuit.last

    def succeeded(self, name: str) -> None:
        """It answered to the end."""
        circuit = self.of(name)
        was_open = circuit.opened_s > 0
        self._circuits[name] = Circuit(last=circuit.last, last_at=circuit.last_at)
        if was_open:
            self.on_close(name)

    def failed(self, name: str, found: CandidateFault) -> bool:
        """It did not. True when that opened its circuit."""
        circuit = self.of(name)
        probed, circuit.probing = circuit.probing, False
        circuit.last, circuit.last_at = found, datetime.now(UTC)
        if found.kind in NEVER:
            return False
        circuit.failures += 1
        if not probed and found.kind not in AT_ONCE and circuit.failures < IN_A_ROW:
            return False
        first = FIRST_LASTING_S if found.kind in AT_ONCE else FIRST_S
        # Those that were under way already when it opened say nothing new.
        if circuit.state(self.clock()) != "open":
            circuit.opened_s = min(max(2 * circuit.opened_s, first), LONGEST_S)
            circuit.until = self.clock() + circuit.opened_s
            circuit.adopted = False
            self.on_open(name, circuit)
            return True
        return False

    def let_go(self, name: str) -> None:
        """It was stopped before there was an outcome."""
        self.of(name).probing = False

    def adopt(self, others: dict[str, tuple[CandidateFault, float]], known: Iterable[str]) -> None:
        """What other processes found: by model, the fault and for how long yet, in seconds."""
        now = self.clock()
        for name in known:
            circuit = self.of(name)
            if name in others:
                if circuit.state(now) == "closed":
                    found, left = others[name]
                    circuit.opened_s, circuit.until, circuit.adopted = max(left, FIRST_S), now + left, True
                    circuit.last, circuit.last_at = found, datetime.now(UTC)
            elif circuit.adopted and circuit.opened_s:
                self._circuits[name] = Circuit(last=circuit.last, last_at=circuit.last_at)

    def view(self, name: str) -> dict[str, Any]:
        """As `GET /v1/models` shows it."""
        circuit = self._circuits.get(name, Circuit())
        now = self.clock()
        error = None
        if circuit.last is not None and circuit.last_at is not None:
            error = {
                "kind": circuit.last.kind.value,
                "reason": circuit.last.reason,
                "advice": circuit.last.advice or ADVICE.get(circuit.last.kind),
                "at": circuit.last_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            }
        return {"state": circuit.state(now), "last_error": error}
