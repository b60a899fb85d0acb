/**
 * A session's events as a stream, where no WebSocket gets through. The stream numbers what it sends and goes on after the
 * last of it, so a connection that breaks costs nothing. A tab that nobody looks at gives its connection up: a browser has
 * six of them for all tabs together, and it goes on where it was when it is looked at again.
 */
import { createEventSource, type EventSourceClient } from "eventsource-client";
import { type ProblemError, problemOf } from "@/api/errors";
import type { Listener } from "@/api/live";
import { refused } from "@/api/sign-in";
import type { JobEvent, QueueHint, SessionHint } from "@/api/types";

export function followByStream(sessionId: string, listener: Listener): () => void {
  const address = new URL(`/v1/sessions/${encodeURIComponent(sessionId)}/events`, globalThis.location.origin);
  address.searchParams.set("after", "now");
  let last: string | undefined;
  let source: EventSourceClient | undefined;
  let over = false;

  const onProblem = (problem: ProblemError, sentAt: number) => {
    if (problem.status === 401) {
      refused(sentAt);
    } else if (problem.slug === "bad-event-id" && last !== undefined) {
      last = undefined; // what it was is not known there any more: begin anew
      source?.close();
      if (!over) begin();
    } else if (problem.status < 500 && problem.status !== 429) {
      end();
      listener.onRefused(problem);
    }
  };

  const begin = () => {
    const mine = createEventSource({
      url: address,
      ...(last === undefined ? {} : { initialLastEventId: last }),
      fetch: async (url, init) => {
        const sentAt = performance.now();
        const response = await globalThis.fetch(url, init as RequestInit);
        if (response.ok) return response;
        const problem = await problemOf(response);
        onProblem(problem, sentAt);
        throw problem; // it is tried again, unless it was closed
      },
      onConnect: () => {
        if (over || source !== mine) return;
        listener.onOpen();
        if (last === undefined) listener.onFresh();
      },
      onScheduleReconnect: () => {
        if (!over && source === mine) listener.onBroken();
      },
      onMessage: ({ data, id }) => {
        if (over || source !== mine) return;
        if (id !== undefined) last = id;
        listener.onMessage(JSON.parse(data) as JobEvent | QueueHint | SessionHint);
      },
    });
    source = mine;
  };

  const onVisibility = () => {
    if (document.hidden) {
      source?.close();
      source = undefined;
    } else if (source === undefined && !over) {
      begin();
    }
  };

  const end = () => {
    over = true;
    document.removeEventListener("visibilitychange", onVisibility);
    source?.close();
  };

  document.addEventListener("visibilitychange", onVisibility);
  if (!document.hidden) begin();
  return end;
}
