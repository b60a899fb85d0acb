/**
 * What is known of each job that is on the page: its events, replayed or live, run through the reducer. A feed lives
 * while somebody looks at it, and a while longer, so that changing tabs costs no request.
 */
import { listEvents } from "@/api/client";
import { UnreachableError } from "@/api/errors";
import { type Connection, followJob } from "@/api/events";
import { endOf, type JobState, listedJob, NEW_JOB, reduceJob } from "@/api/job-state";
import { hasEnded, type Job, type JobEvent, type QueueHint } from "@/api/types";
import { Store } from "@/lib/store";

export interface JobFeed {
  readonly job: JobState;
  readonly connection: Connection;
  readonly refused: Error | null;
}

const LINGER_MS = 60_000;
const RETRY_MS = 2_000;

interface Entry {
  readonly store: Store<JobFeed>;
  readers: number;
  stop: () => void;
  lingering: ReturnType<typeof setTimeout> | undefined;
}

const entries = new Map<string, Entry>();

/** Jobs whose stream is broken at the moment. */
export const brokenStreams = new Store<ReadonlySet<string>>(new Set());

/** The last job that ended in front of the user; what was listed of it is old then. */
export const lastEnded = new Store<Job | null>(null);

export function feedOf(job: Job): Store<JobFeed> {
  return entryOf(job).store;
}

/** Keeps a job's feed going; returns what lets it go. */
export function watchJob(job: Job): () => void {
  const entry = entryOf(job);
  entry.readers += 1;
  clearTimeout(entry.lingering);
  return () => {
    entry.readers -= 1;
    if (entry.readers > 0) return;
    entry.lingering = setTimeout(() => {
      entry.stop();
      entries.delete(job.id);
    }, LINGER_MS);
  };
}

function entryOf(job: Job): Entry {
  const known = entries.get(job.id);
  if (known) return known;
  const store = new Store<JobFeed>({ job: listedJob(job), connection: "connecting", refused: null });
  const entry: Entry = { store, readers: 0, stop: () => {}, lingering: undefined };
  entries.set(job.id, entry);
  entry.stop = hasEnded(job) ? replay(job, store) : follow(job, store);
  return entry;
}

function replay(job: Job, store: Store<JobFeed>): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const attempt = async () => {
    try {
      const events = await listEvents(job.id);
      if (stopped) return;
      markBroken(job.id, false);
      store.set({ job: events.reduce(reduceJob, NEW_JOB), connection: "closed", refused: null });
    } catch (error) {
      if (stopped) return;
      if (error instanceof UnreachableError) {
        markBroken(job.id, true);
        timer = setTimeout(attempt, RETRY_MS);
      } else {
        store.set({
          ...store.get(),
          connection: "closed",
          refused: error instanceof Error ? error : new Error(String(error)),
        });
      }
    }
  };
  void attempt();
  return () => {
    stopped = true;
    clearTimeout(timer);
    markBroken(job.id, false);
  };
}

function follow(job: Job, store: Store<JobFeed>): () => void {
  const waiting: (JobEvent | QueueHint)[] = [];
  let frame: number | undefined;

  const take = () => {
    frame = undefined;
    const before = store.get();
    const state = waiting.splice(0).reduce(reduceJob, before.job);
    store.set({ ...before, job: state });
    const end = endOf(state);
    if (end) lastEnded.set(end);
  };

  const end = followJob(job.id, store.get().job.seq, {
    onEvent: (event) => {
      // Many events come between two frames, and a page in the background is drawn in none.
      waiting.push(event);
      if (frame === undefined) frame = document.hidden ? window.setTimeout(take, 100) : requestAnimationFrame(take);
    },
    onConnection: (connection) => {
      markBroken(job.id, connection === "reconnecting");
      store.set({ ...store.get(), connection });
    },
    onRefused: (refused) => store.set({ ...store.get(), refused }),
  });
  return () => {
    end();
    markBroken(job.id, false);
  };
}

function markBroken(jobId: string, broken: boolean): void {
  const before = brokenStreams.get();
  if (before.has(jobId) === broken) return;
  const after = new Set(before);
  if (broken) after.add(jobId);
  else after.delete(jobId);
  brokenStreams.set(after);
}
