"""What all chains of a process share: the AWS account, one model for each candidate, and their circuits."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from strands.models import Model

from core.settings import Settings
from workers.models.account import Account, find_account
from workers.models.candidates import Candidate
from workers.models.circuits import Circuits
from workers.models.faults import CandidateFault, advised, classify
from workers.models.providers import making
from workers.models.shared_circuits import SharedCircuits

log = logging.getLogger(__name__)


class ModelPool:
    """Making one costs nothing; the first question looks for credentials and makes a client."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.circuits = Circuits()
        self.shared = SharedCircuits(settings, self.circuits)
        self.blind: set[Candidate] = set()
        """Those that are known to take no pictures."""
        self._lock = threading.RLock()
        self._models: dict[Candidate, Model] = {}
        self._roomy: asyncio.AbstractEventLoop | None = None
        self._told: set[tuple[str, str]] = set()

    @property
    def account(self) -> Account:
        """The AWS account. Blocks for up to two seconds the first time."""
        with self._lock:
            return self._account

    @cached_property
    def _account(self) -> Account:
        return find_account(self.settings)

    async def model(self, candidate: Candidate) -> Model:
        """The model of a candidate. Raises CandidateFault."""
        if (made := self._models.get(candidate)) is not None:
            return made
        try:
            return await asyncio.to_thread(self._make, candidate)
        except Exception as error:
            raise classify(error) from None

    def _make(self, candidate: Candidate) -> Model:
        with self._lock:
            if candidate not in self._models:
                self._models[candidate] = making.make_model(candidate, self.settings, self.account)
            return self._models[candidate]

    def look_at(self, candidates: Sequence[Candidate]) -> None:
        """Open the circuits of those that cannot answer as things are set up, before anybody asks them. May block."""
        for candidate in candidates:
            try:
                found = making.usable(candidate, self.settings, self.account)
            except CandidateFault as fault:
                found = fault
            if found is not None:
                self.failed(candidate, found)

    def failed(self, candidate: Candidate, found: CandidateFault) -> CandidateFault:
        """Keep in mind that it failed; returns the fault with what to do about it. The same fault is logged once, until
        the model answers again.
        """
        name = str(candidate)
        found = advised(found, candidate.provider)
        self.circuits.failed(name, found)
        known = (name, found.reason)
        log.log(
            logging.DEBUG if known in self._told else logging.WARNING,
            "Model %s failed: %s. %s",
            name,
            found.reason,
            f"{found.advice}." if found.advice else "Others are asked meanwhile, where there are any.",
        )
        self._told.add(known)
        return found

    def succeeded(self, candidate: Candidate) -> None:
        """It answered to its end."""
        name = str(candidate)
        self.circuits.succeeded(name)
        if self._told:
            self._told = {known for known in self._told if known[0] != name}

    def make_room(self) -> None:
        """Give the loop a thread for every answer.

        Strands' BedrockModel holds a thread of the loop's default executor for as long as an answer streams, and
        that executor has only a few threads more than the machine has cores: answers past them would stand still.
        """
        loop = asyncio.get_running_loop()
        if self._roomy is not loop:
            self._roomy = loop
            room = ThreadPoolExecutor(making.streams_at_once(self.settings) + 8, thread_name_prefix="model")
            loop.set_default_executor(room)
