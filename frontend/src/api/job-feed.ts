/**
 * What is known of each job that is on the page: its events, replayed or live, run through the reducer. A feed lives
 * while somebody looks at it, and a while longer, so that changing tabs costs no request.
 */
import { listEvents } from "@/api/client";
import { UnreachableError } from "@/api/errors";
import { endOf, type JobState, listedJob, NEW_JOB, reduceJob } from "@/api/job-state";
import { type Connection, watchSession } from "@/api/live";
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

/** Jobs and sessions whose events can't be had at the moment. */
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

/** Reads a job's events after those that are known, again and again while there is no answer. */
class LogReader {
  readonly #jobId: string;
  readonly #seen: () => number;
  readonly #take: (events: JobEvent[]) => void;
  readonly #refused: (error: Error) => void;
  #stopped = false;
  #reading = false;
  #wanted = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(jobId: string, seen: () => number, take: (events: JobEvent[]) => void, refused: (error: Error) => void) {
    this.#jobId = jobId;
    this.#seen = seen;
    this.#take = take;
    this.#refused = refused;
  }

  /** Soon, and once more when a reading is under way: it may have begun too early. */
  readonly read = async (): Promise<void> => {
    this.#wanted = true;
    if (this.#reading) return;
    this.#reading = true;
    clearTimeout(this.#timer);
    try {
      while (this.#wanted && !this.#stopped) {
        this.#wanted = false;
        const events = await listEvents(this.#jobId, this.#seen());
        if (!this.#stopped) this.#got(events);
      }
    } catch (error) {
      if (!this.#stopped) this.#failed(error);
    } finally {
      this.#reading = false;
    }
  };

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    markBroken(this.#jobId, false);
  }

  #got(events: JobEvent[]): void {
    markBroken(this.#jobId, false);
    this.#take(events);
  }

  #failed(error: unknown): void {
    if (error instanceof UnreachableError) {
      markBroken(this.#jobId, true);
      this.#timer = setTimeout(this.read, RETRY_MS);
    } else {
      this.#refused(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function replay(job: Job, store: Store<JobFeed>): () => void {
  const log = new LogReader(
    job.id,
    () => 0,
    (events) => store.set({ job: events.reduce(reduceJob, NEW_JOB), connection: "closed", refused: null }),
    (refused) => store.set({ ...store.get(), connection: "closed", refused }),
  );
  void log.read();
  return () => log.stop();
}

/** What the session's connection tells of the job, and before that, and wherever that has a gap, what its log says. */
function follow(job: Job, store: Store<JobFeed>): () => void {
  let waiting: (JobEvent | QueueHint)[] = [];
  let frame: number | undefined;
  const soon = () => {
    // Many events come between two frames, and a page in the background is drawn in none.
    if (frame === undefined) frame = document.hidden ? window.setTimeout(take, 100) : requestAnimationFrame(take);
  };
  const take = () => {
    frame = undefined;
    const before = store.get();
    let state = before.job;
    const rest: (JobEvent | QueueHint)[] = [];
    for (const event of waiting) {
      if ("seq" in event && event.seq > state.seq + 1) rest.push(event);
      else state = reduceJob(state, event);
    }
    waiting = rest;
    if (rest.length > 0) void log.read();
    const end = endOf(state);
    store.set({ ...before, job: state, ...(end ? { connection: "closed" } : {}) });
    if (end) {
      stop();
      lastEnded.set(end);
    }
  };
  const log = new LogReader(
    job.id,
    () => store.get().job.seq,
    (events) => {
      waiting = [...events, ...waiting];
      if (events.length > 0) soon();
    },
    (refused) => {
      stop();
      store.set({ ...store.get(), connection: "closed", refused });
    },
  );
  const leave = watchSession(job.session_id ?? "", {
    onFresh: () => void log.read(),
    onEvent: (event) => {
      if (event.job_id !== job.id) return;
      waiting.push(event);
      soon();
    },
    onConnection: (connection) => {
      if (connection !== "closed") store.set({ ...store.get(), connection });
    },
  });
  const stop = () => {
    leave();
    log.stop();
  };
  void log.read();
  return stop;
}

export function markBroken(jobId: string, broken: boolean): void {
  const before = brokenStreams.get();
  if (before.has(jobId) === broken) return;
  const after = new Set(before);
  if (broken) after.add(jobId);
  else after.delete(jobId);
  brokenStreams.set(after);
}
