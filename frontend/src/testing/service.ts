/** Stands in for the service in tests of components: each test says what it answers. */
import { HttpResponse, http } from "msw";
import { setupServer } from "msw/node";
import type { Job, JobEvent, Me, Session } from "@/api/types";

/** Where no test says otherwise, nobody is asked who they are. */
export const service = setupServer(
  http.get("*/v1/me", () => HttpResponse.json(aMe())),
  http.get("*/v1/agents", () => HttpResponse.json({ items: [], refused: [] })),
);

const AT = "2026-05-03T10:00:00.000Z";

export function aMe(change: Partial<Me> = {}): Me {
  return {
    auth: "none",
    tenant: { id: "ten_1", name: "default" },
    subject: "nobody",
    scopes: ["admin", "user"],
    key: null,
    csrf_token: null,
    limits: {
      requests_per_minute: null,
      running_jobs: null,
      queued_jobs: null,
      batch_lines: 50_000,
      storage_bytes: null,
      tokens_per_day: null,
      cost_per_day_usd: null,
    },
    used: { tokens_today: 0, cost_today_usd: 0, storage_bytes: 0 },
    ...change,
  };
}

export function aJob(change: Partial<Job> = {}): Job {
  return {
    id: "job_1",
    agent: "execute",
    state: "queued",
    lane: "interactive",
    priority: 5,
    session_id: "ses_1",
    attempt: 0,
    max_attempts: 3,
    input: { code: "print(1)", timeout_s: 60 },
    result: null,
    error: null,
    usage: null,
    timings: { queued_ms: null, run_ms: null },
    cancel_requested: false,
    created_at: AT,
    run_at: null,
    started_at: null,
    finished_at: null,
    deadline_at: null,
    metadata: {},
    replayed_from: null,
    last_seq: 1,
    ...change,
  };
}

export function aSession(change: Partial<Session> = {}): Session {
  return {
    id: "ses_1",
    title: "Wine",
    jobs: 1,
    sandbox: { state: "none", expires_at: null },
    created_at: AT,
    updated_at: AT,
    ...change,
  };
}

type Unnumbered<E> = E extends JobEvent ? Omit<E, "job_id" | "seq" | "attempt" | "at"> & { attempt?: number } : never;

/** Events as a job has them: numbered, and each of its job. */
export function eventsOf(...events: Unnumbered<JobEvent>[]): JobEvent[] {
  return events.map((event, at) => ({ job_id: "job_1", seq: at + 1, attempt: 1, at: AT, ...event }) as JobEvent);
}

/** Events as the stream of their session sends them. */
export function sessionFrames(events: readonly JobEvent[]): string {
  return events.map((one) => `id: at-${one.seq}\nevent: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`).join("");
}

/** Answers for a job that ended, with these events. */
export function replays(events: readonly JobEvent[], jobId = "job_1") {
  return http.get(`*/v1/jobs/${jobId}/events`, () => HttpResponse.json({ items: events, next_after: null }));
}

/** Answers a streaming request with a text, and closes. */
export function stream(text: string): Response {
  return new HttpResponse(text, { headers: { "Content-Type": "text/event-stream" } });
}
