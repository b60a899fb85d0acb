/**
 * A job's events as they happen. The stream numbers them and goes on after the last one seen, so a connection that
 * breaks costs nothing; it is closed with the job's last event, because the server would only be asked again.
 */
import { createEventSource } from "eventsource-client";
import { problemOf } from "@/api/errors";
import { signInWanted } from "@/api/sign-in";
import type { JobEvent, QueueHint } from "@/api/types";

export type Connection = "connecting" | "open" | "reconnecting" | "closed";

export interface Follower {
  onEvent(event: JobEvent | QueueHint): void;
  onConnection(connection: Connection): void;
  /** The service refuses the stream for good. */
  onRefused(error: Error): void;
}

const LAST: ReadonlySet<string> = new Set(["job.succeeded", "job.failed", "job.cancelled", "job.expired"]);

/** Follows a job from after event number `after`; returns what ends it. */
export function followJob(jobId: string, after: number, follower: Follower): () => void {
  let over = false;
  const end = () => {
    if (over) return;
    over = true;
    source.close();
    follower.onConnection("closed");
  };

  const source = createEventSource({
    url: new URL(`/v1/jobs/${encodeURIComponent(jobId)}/events`, globalThis.location.origin),
    ...(after > 0 ? { initialLastEventId: String(after) } : {}),
    fetch: async (url, init) => {
      const response = await globalThis.fetch(url, init as RequestInit);
      if (response.status === 204) end(); // there is nothing after what was seen
      if (response.ok) return response;
      const problem = await problemOf(response);
      if (response.status === 401) signInWanted.set(true);
      else if (response.status < 500 && response.status !== 429) {
        end();
        follower.onRefused(problem);
      }
      throw problem; // anything else is tried again
    },
    onConnect: () => {
      if (!over) follower.onConnection("open");
    },
    onScheduleReconnect: () => {
      if (!over) follower.onConnection("reconnecting");
    },
    onMessage: ({ data, event }) => {
      if (over) return;
      follower.onEvent(JSON.parse(data) as JobEvent | QueueHint);
      if (event !== undefined && LAST.has(event)) end();
    },
  });
  return end;
}
