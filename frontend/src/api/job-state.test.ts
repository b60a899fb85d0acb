import { describe, expect, test } from "vitest";
import { endOf, type JobState, listedJob, NEW_JOB, reduceJob } from "@/api/job-state";
import type { JobEvent } from "@/api/types";
import { aJob, eventsOf } from "@/testing/service";

const DONE = aJob({ state: "succeeded", result: { text: "3" }, timings: { queued_ms: 5, run_ms: 40 } });

/** Every kind of event that a job can have, in an order that it could have them in. */
const LIFE = eventsOf(
  { type: "job.queued", attempt: 0 },
  { type: "job.running", worker: "w1" },
  { type: "job.progress", message: "Asking", percent: 10, step: null, steps: null },
  { type: "model.selected", model: "a" },
  { type: "text.delta", text: "It adds " },
  { type: "code.delta", text: "draft" },
  { type: "code.reset" },
  { type: "model.fallback", from: "a", to: "b", reason: "throttled" },
  { type: "text.delta", text: "It adds " },
  { type: "text.delta", text: "numbers." },
  { type: "code.delta", text: "1 +" },
  { type: "code.delta", text: " 2" },
  { type: "code.completed", code: "1 + 2\n", explanation: "It adds numbers." },
  { type: "sandbox.started", tier: "A" },
  { type: "sandbox.reset", reason: "it was gone" },
  { type: "stdout", text: "one\n" },
  { type: "stdout", text: "two\n" },
  { type: "stderr", text: "careful\n" },
  { type: "output", data: { "text/plain": "3" }, execution_count: 1 },
  { type: "stdout", text: "after\n" },
  { type: "error", name: "ValueError", value: "no", traceback: ["Traceback", "ValueError: no"], line: 2 },
  { type: "file.changed", path: "a.csv", size: 1, change: "created", file_id: "fil_1" },
  { type: "file.changed", path: "b.csv", size: 2, change: "created", file_id: "fil_2" },
  { type: "file.changed", path: "a.csv", size: 3, change: "modified", file_id: "fil_3" },
  { type: "job.succeeded", job: DONE },
);

const replay = (events: readonly JobEvent[]): JobState => events.reduce(reduceJob, NEW_JOB);

describe("a whole life", () => {
  const state = replay(LIFE);

  test("ends with the job as it ended", () => {
    expect(endOf(state)).toEqual(DONE);
    expect(state.progress).toBeNull();
    expect(state.seq).toBe(LIFE.length);
  });

  test("keeps the answer of the model that answered", () => {
    expect(state).toMatchObject({
      model: "b",
      explanation: "It adds numbers.",
      code: "1 + 2\n",
      codeIsComplete: true,
    });
  });

  test("keeps text in order among outputs, and one stream in one piece", () => {
    expect(state.blocks).toEqual([
      {
        kind: "text",
        pieces: [
          { text: "one\ntwo\n", error: false },
          { text: "careful\n", error: true },
        ],
      },
      { kind: "output", number: null, data: { "text/plain": "3" }, executionCount: 1 },
      { kind: "text", pieces: [{ text: "after\n", error: false }] },
    ]);
  });

  test("has the newest word on each file", () => {
    expect(state.files).toEqual([
      { path: "b.csv", size: 2, change: "created" },
      { path: "a.csv", size: 3, change: "modified" },
    ]);
  });

  test("notes what happened to sandbox and model", () => {
    expect(state.notices.map((notice) => notice.kind)).toEqual(["model-fallback", "sandbox-started", "sandbox-reset"]);
  });

  test("has the error with its line", () => {
    expect(state.error).toEqual({
      name: "ValueError",
      value: "no",
      traceback: ["Traceback", "ValueError: no"],
      line: 2,
    });
  });
});

describe("replayed and live are the same", () => {
  test.each(LIFE.map((_, at) => at))("when the connection broke after event %i and repeated itself", (at) => {
    const live = [...LIFE.slice(0, at + 1), ...LIFE.slice(Math.max(0, at - 3))];
    expect(replay(live)).toEqual(replay(LIFE));
  });

  test("whatever was listed of the job before", () => {
    const running = aJob({ state: "running", started_at: "2026-05-03T10:00:01.000Z" });
    expect(LIFE.reduce(reduceJob, listedJob(running))).toEqual(replay(LIFE));
    expect(LIFE.reduce(reduceJob, listedJob(DONE))).toEqual(replay(LIFE));
  });

  test("with hints in between, which are not in the log", () => {
    const hint = { type: "queue.position", job_id: "job_1", position: 2, eta_s: 4 } as const;
    const live = LIFE.flatMap((event) => [event, hint]).reduce(reduceJob, NEW_JOB);
    expect(live).toEqual(replay(LIFE));
  });
});

describe("each event by itself", () => {
  const stateAfter = (...events: Parameters<typeof eventsOf>) => replay(eventsOf(...events));

  test("a queued job shows its place, and forgets it when it runs", () => {
    const queued = reduceJob(stateAfter({ type: "job.queued" }), {
      type: "queue.position",
      job_id: "job_1",
      position: 3,
      eta_s: null,
    });
    expect(queued.phase).toEqual({ kind: "queued", position: 3, etaS: null });
    expect(stateAfter({ type: "job.queued" }, { type: "job.running", worker: "w" }).phase.kind).toBe("running");
  });

  test("a retry says why, and the next attempt begins with nothing", () => {
    const broken = stateAfter(
      { type: "job.running", worker: "w" },
      { type: "stdout", text: "half" },
      { type: "job.retrying", reason: "the worker died", next_attempt_at: "2026-05-03T10:00:09Z" },
    );
    expect(broken.phase).toMatchObject({ kind: "retrying", reason: "the worker died" });
    const again = { ...eventsOf({ type: "job.running", worker: "w2", attempt: 2 })[0], seq: 4 } as JobEvent;
    const state = reduceJob(broken, again);
    expect(state).toMatchObject({ attempt: 2, blocks: [], error: null, files: [], code: "" });
    expect(state.notices).toEqual([{ kind: "retried", reason: "the worker died" }]);
  });

  test("code that broke off is forgotten", () => {
    expect(stateAfter({ type: "code.delta", text: "x" }, { type: "code.reset" })).toMatchObject({
      code: "",
      codeIsComplete: false,
    });
  });

  test.each(["succeeded", "failed", "cancelled", "expired"] as const)("%s is an end", (state) => {
    const job = aJob({ state });
    expect(endOf(stateAfter({ type: `job.${state}`, job }))).toBe(job);
  });

  test("progress has its percentage, if it has one", () => {
    expect(stateAfter({ type: "job.progress", message: "Half", percent: 50 }).progress).toEqual({
      message: "Half",
      percent: 50,
    });
    expect(stateAfter({ type: "job.progress", message: "On it" }).progress).toEqual({
      message: "On it",
      percent: null,
    });
  });

  test("an output of a number that was there takes its place, and an empty one takes it away", () => {
    const shown = (text: string, number: number) => ({
      type: "output" as const,
      data: { "text/plain": text },
      number,
      execution_count: 1,
    });
    const events = eventsOf(shown("a", 0), shown("b", 1), shown("A", 0), { ...shown("", 1), data: {} }, shown("c", 2));
    expect(replay(events).blocks.map((block) => block.kind === "output" && block.data)).toEqual([
      { "text/plain": "A" },
      {},
      { "text/plain": "c" },
    ]);
  });

  test("one that this page does not know is counted and changes nothing else", () => {
    const before = stateAfter({ type: "stdout", text: "x" });
    const unknown = { type: "job.blessed", job_id: "job_1", seq: 2, attempt: 1, at: "" } as unknown as JobEvent;
    expect(reduceJob(before, unknown)).toEqual({ ...before, seq: 2 });
  });

  test("one that was seen leaves the very same state", () => {
    const [event] = eventsOf({ type: "stdout", text: "x" });
    const state = replay(event ? [event] : []);
    expect(event && reduceJob(state, event)).toBe(state);
  });
});

describe("a task that is solved in steps", () => {
  const SOLVING = eventsOf(
    { type: "job.running", worker: "w1" },
    { type: "text.delta", text: "I look." },
    { type: "tool.started", step: 1, code: "print(1)" },
    { type: "stdout", text: "1\n" },
    { type: "error", name: "ValueError", value: "no", traceback: ["ValueError: no"], line: 1 },
    { type: "tool.finished", step: 1, ok: false },
    { type: "text.delta", text: "Half an answer" },
    { type: "model.fallback", from: "a", to: "b", reason: "throttled" },
    { type: "text.delta", text: "I mend." },
    { type: "tool.started", step: 2, code: "print(2)" },
    { type: "output", data: { "text/plain": "2" }, number: 201, execution_count: 2 },
    { type: "tool.finished", step: 2, ok: true },
    { type: "stdout", text: "after\n" },
    { type: "text.delta", text: "It is **2**." },
  );

  test("has each program with what was said before it and what came out", () => {
    const state = replay(SOLVING);
    expect(state.steps).toMatchObject([
      { number: 1, said: "I look.", code: "print(1)", ok: false, error: { name: "ValueError" } },
      { number: 2, said: "I mend.", code: "print(2)", ok: true, error: null },
    ]);
    expect(state.steps.map((step) => step.blocks.map((block) => block.kind))).toEqual([["text"], ["output"]]);
    expect(state.blocks.map((block) => block.kind)).toEqual(["text"]);
    expect(state.error).toBeNull();
  });

  test("takes back what a model said that broke off, and nothing before the last step", () => {
    expect(replay(SOLVING.slice(0, 8)).explanation).toBe("");
    expect(replay(SOLVING.slice(0, 8)).steps[0]?.said).toBe("I look.");
    expect(replay(SOLVING).explanation).toBe("It is **2**.");
  });

  test("has no step at work once the job has ended", () => {
    const cancelled = { ...DONE, state: "cancelled" as const };
    const [broken] = replay(
      [...SOLVING.slice(0, 4), ...eventsOf({ type: "job.cancelled", job: cancelled })].map((event, at) => ({
        ...event,
        seq: at + 1,
      })),
    ).steps;
    expect(broken?.ok).toBe(false);
  });
});
