"""A hundred programs written at once in one generator process, a model that fails, a cancel, and a worker's start.

The models are a double of Bedrock in a process of its own, asked by the unmodified client. Each token says when it was
sent; the floor is the same client that reads the stream without a chain, a job or an event.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import boto3
import psutil
from botocore.config import Config
from pydantic import SecretStr

from benchmarks.bedrock_double import A_SECOND, SECONDS
from benchmarks.rig import Connection, Report, median, percentile, program, wait_for_port
from benchmarks.service import Running, running
from benchmarks.watching import Watcher, allow_many_files, watch
from core.settings import Settings
from embedded.ports import free_port
from workers.models.answer import Question, Said
from workers.models.chain import ModelChain
from workers.models.circuits import Circuits

JOBS = 100
COMING_S = 4
"""In which all of them begin."""
ROUNDS = 40
CANCELS = 20
TOKEN = re.compile(rb"# (\d+\.\d{4});")

ACCOUNT = {
    "AWS_ACCESS_KEY_ID": "AKIDBENCH",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
}


async def run() -> Report:
    """The benchmark."""
    allow_many_files()
    report = Report(f"{JOBS} programs at once, {A_SECOND} tokens a second each, in one generator process")
    os.environ.update(ACCOUNT)
    port = free_port()
    bedrock = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        wait_for_port(port, stack.enter_context(program("-m", "benchmarks.bedrock_double", str(port), env={})))
        floor = await asyncio.to_thread(_floor, bedrock)
        await _fallbacks(report, bedrock)
        await _chain_alone(report, bedrock)
        settings = {
            "ACI_MODELS": "bedrock:steady",
            "ACI_BEDROCK_ENDPOINT": bedrock,
            "ACI_WORKER_SLOTS": str(JOBS),
            **ACCOUNT,
        }
        service = stack.enter_context(running(worker=False, **settings))
        worker, started = await _first_job(stack, service)
        await _at_once(report, service, worker, floor)
        await _cancels(report, service)
        report.add("start of a worker → its first job's first token", f"{started:.2f} s", "≤ 5 s")
    return report


def _floor(bedrock: str) -> float:
    """Seconds from a token's sending to its arrival with boto3 alone, at p95."""
    client = boto3.client(
        "bedrock-runtime",
        region_name="us-west-2",
        endpoint_url=bedrock,
        config=Config(retries={"total_max_attempts": 1}),
    )
    delays = []
    for _ in range(ROUNDS):
        for found in client.converse_stream(modelId="quick", messages=[])["stream"]:
            text = found.get("contentBlockDelta", {}).get("delta", {}).get("text", "")
            if sent := TOKEN.search(text.encode()):
                delays.append(time.monotonic() - float(sent[1]))
    return percentile(delays, 0.95)


async def _fallbacks(report: Report, bedrock: str) -> None:
    """What a first model that fails costs before the second begins to answer."""

    async def first_token(chain: ModelChain) -> float:
        began = time.perf_counter()
        async for piece in chain.stream(Question("Be quick.", "go"), asyncio.Event()):
            if isinstance(piece, Said):
                return time.perf_counter() - began
        raise RuntimeError("no answer")

    def chain(*models: str) -> ModelChain:
        return ModelChain(
            Settings(models=models, bedrock_endpoint=bedrock, redis_url="redis://127.0.0.1:9")  # type: ignore[arg-type]
        )

    alone, failing, opened = [], [], []
    one, two = chain("bedrock:quick"), chain("bedrock:gone", "bedrock:quick")
    await first_token(one), await first_token(two)
    for _ in range(ROUNDS):
        alone.append(await first_token(one))
        two._pool.circuits = Circuits()
        failing.append(await first_token(two))
        opened.append(await first_token(two))
    base = median(alone)
    report.add("first token of a model alone", f"median {base * 1e3:.1f} ms")
    report.add("a dead first model, beyond that", f"median {(median(failing) - base) * 1e3:.1f} ms", "≤ 50 ms")
    report.add("the same with its circuit open", f"median {(median(opened) - base) * 1e3:.1f} ms", "none")


async def _chain_alone(report: Report, bedrock: str) -> None:
    """As many answers at once through the chain, without jobs and events: what of a delay is the models' part."""
    models: Any = ("bedrock:steady",)
    settings = Settings(
        models=models, bedrock_endpoint=bedrock, redis_url=SecretStr("redis://127.0.0.1:9"), worker_slots=JOBS
    )
    chain = ModelChain(settings)
    firsts: list[float] = []

    async def one(number: int) -> None:
        await asyncio.sleep(number / JOBS * COMING_S)
        heard = False
        async for piece in chain.stream(Question("Be quick.", "go"), asyncio.Event()):
            if not heard and isinstance(piece, Said) and (sent := TOKEN.search(piece.text.encode())):
                heard = True
                firsts.append(time.monotonic() - float(sent[1]))

    await asyncio.gather(*(one(number) for number in range(JOBS)))
    report.add(
        "first token: sent → out of the chain, without a job",
        f"p50 {percentile(firsts, 0.5) * 1e3:.1f} ms, p95 {percentile(firsts, 0.95) * 1e3:.1f} ms",
    )


async def _first_job(stack: ExitStack, service: Running) -> tuple[psutil.Process, float]:
    """Start a worker for a job that waits already: the process, and the seconds until the job's first token."""
    names = await _submitted(service.port, 1)
    firsts = Firsts()
    await watch(service.port, [f"/v1/jobs/{name}/events" for name in names], firsts.heard)
    began = time.monotonic()
    log = Path(service.logs) / "generate"
    process = stack.enter_context(program("-m", "workers", "--pool", "generate", env=service.env, log=log))
    await firsts.came(1)
    return psutil.Process(process.pid), time.monotonic() - began


class Firsts:
    """The delay of the first token of each stream, and of all tokens."""

    def __init__(self) -> None:
        self.first: dict[Watcher, float] = {}
        self.all: list[float] = []
        self._seen: set[tuple[Watcher, bytes]] = set()

    def heard(self, watcher: Watcher, data: bytes) -> None:
        """What watchers call."""
        now = time.monotonic()
        # At its end a job says the whole program once more.
        new = [sent for sent in TOKEN.findall(data) if (watcher, sent) not in self._seen]
        self._seen.update((watcher, sent) for sent in new)
        delays = [now - float(sent) for sent in new]
        if delays:
            self.first.setdefault(watcher, delays[0])
            self.all += delays

    async def came(self, count: int) -> None:
        """So many streams have their first token."""
        while len(self.first) < count:  # noqa: ASYNC110  (watchers do the work)
            await asyncio.sleep(0.005)


async def _submitted(port: int, count: int) -> list[str]:
    connection = Connection(port)
    await connection.open()
    names = []
    for _ in range(count):
        body = json.dumps({"agent": "generate", "input": {"prompt": "go"}}).encode()
        status, answer = await connection.request("POST", "/v1/jobs", body)
        if status != 202:
            raise RuntimeError(f"a submit was answered {status}: {answer[:300]!r}")
        names.append(json.loads(answer)["id"])
    connection.close()
    return names


async def _ended(port: int, names: list[str]) -> list[dict[str, object]]:
    connection = Connection(port)
    await connection.open()
    jobs = []
    for name in names:
        _, answer = await connection.request("GET", f"/v1/jobs/{name}?wait=60")
        jobs.append(json.loads(answer))
    connection.close()
    return jobs


async def _at_once(report: Report, service: Running, worker: psutil.Process, floor: float) -> None:
    firsts, names, start = Firsts(), [], time.monotonic()
    for number in range(JOBS):
        # One after the other, as users come, and soon enough for all to stream together. Each is watched from the
        # moment on which it was accepted: a stream that is opened later begins with what was missed.
        await asyncio.sleep(max(0.0, start + number / JOBS * COMING_S - time.monotonic()))
        names += await _submitted(service.port, 1)
        await watch(service.port, [f"/v1/jobs/{names[-1]}/events"], firsts.heard)
    used, began, memory = _cpu(worker), time.monotonic(), 0
    while time.monotonic() - began < SECONDS - COMING_S - 1:
        memory = max(memory, worker.memory_info().rss)
        await asyncio.sleep(0.1)
    share = (_cpu(worker) - used) / (time.monotonic() - began)
    jobs = await _ended(service.port, names)
    whole = sum(job["state"] == "succeeded" for job in jobs)
    first = list(firsts.first.values())
    if whole < JOBS or len(first) < JOBS:
        raise RuntimeError(f"{whole} of {JOBS} programs came, {len(first)} of them as a stream")
    report.add("floor: sent → read by boto3 alone", f"p95 {floor * 1e3:.1f} ms")
    report.add(
        "first token: sent → at a client of the API",
        f"p50 {percentile(first, 0.5) * 1e3:.0f} ms, p95 {percentile(first, 0.95) * 1e3:.0f} ms",
        "p95 ≤ 30 ms beyond the model's own",
    )
    report.add("all tokens, likewise", f"p95 {percentile(firsts.all, 0.95) * 1e3:.0f} ms")
    report.add("memory of the generator", f"{memory / 2**20:.0f} MB", "≤ 350 MB")
    report.add("its processor time", f"{share * 100:.0f} %")


async def _cancels(report: Report, service: Running) -> None:
    """From the cancel's sending to the terminal event at a client, in the midst of a stream."""
    took, kept = [], 0
    for _ in range(CANCELS):
        [name] = await _submitted(service.port, 1)
        firsts, ended = Firsts(), asyncio.get_running_loop().create_future()

        def heard(watcher: Watcher, data: bytes, firsts: Firsts = firsts, ended: asyncio.Future[float] = ended) -> None:
            firsts.heard(watcher, data)
            if b"job.cancelled" in data and not ended.done():
                ended.set_result(time.perf_counter())

        await watch(service.port, [f"/v1/jobs/{name}/events"], heard)
        await firsts.came(1)
        connection = Connection(service.port)
        await connection.open()
        began = time.perf_counter()
        await connection.request("POST", f"/v1/jobs/{name}/cancel")
        took.append(await ended - began)
        connection.close()
        [job] = await _ended(service.port, [name])
        result = job["result"]
        kept += job["state"] == "cancelled" and isinstance(result, dict) and "# " in str(result["code"])
    if kept < CANCELS:
        raise RuntimeError(f"only {kept} of {CANCELS} cancelled jobs kept their code")
    report.add(
        "cancel → terminal event, the code kept",
        f"p50 {percentile(took, 0.5) * 1e3:.0f} ms, worst {max(took) * 1e3:.0f} ms",
        "≤ 500 ms",
    )


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
