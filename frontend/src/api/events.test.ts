import { waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, expect, test, vi } from "vitest";
import { followByStream } from "@/api/events";
import { signInWanted } from "@/api/sign-in";
import type { JobEvent } from "@/api/types";
import { aJob, aSession, eventsOf, sessionFrames as frames, service, stream } from "@/testing/service";

const EVENTS = eventsOf(
  { type: "job.queued" },
  { type: "stdout", text: "one" },
  { type: "stdout", text: "two" },
  { type: "job.succeeded", job: aJob({ state: "succeeded" }) },
);
const QUICKLY = "retry: 5\n\n";

let end: (() => void) | undefined;
afterEach(() => end?.());

/** Follows ses_1; returns what it was told. */
function followed() {
  const seen: number[] = [];
  const told: string[] = [];
  const refused = vi.fn();
  end = followByStream("ses_1", {
    onFresh: () => told.push("fresh"),
    onOpen: () => told.push("open"),
    onBroken: () => told.push("broken"),
    onMessage: (said) => seen.push("seq" in said ? said.seq : 0),
    onRefused: refused,
    onUnusable: () => told.push("unusable"),
  });
  return { seen, told, refused, until: (count: number) => waitFor(() => expect(seen).toHaveLength(count)) };
}

/** Answers the first request, the second, and so on; returns what each said it had seen. */
function answers(...responses: (() => Response)[]) {
  const lastIds: (string | null)[] = [];
  service.use(
    http.get("*/v1/sessions/ses_1/events", ({ request }) => {
      lastIds.push(request.headers.get("last-event-id"));
      expect(new URL(request.url).searchParams.get("after")).toBe("now");
      return responses[lastIds.length - 1]?.() ?? new HttpResponse(new ReadableStream(), SSE);
    }),
  );
  return lastIds;
}
const SSE = { headers: { "Content-Type": "text/event-stream" } };

function hidden(value: boolean) {
  vi.spyOn(document, "hidden", "get").mockReturnValue(value);
  document.dispatchEvent(new Event("visibilitychange"));
}

test("a broken connection goes on after the last event seen", async () => {
  const lastIds = answers(
    () => stream(QUICKLY + frames(EVENTS.slice(0, 2))),
    () => HttpResponse.error(),
    () => stream(frames(EVENTS.slice(2))),
  );
  const { seen, told, until } = followed();
  await until(4);
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(lastIds.slice(0, 3)).toEqual([null, "at-2", "at-2"]);
  expect(told.slice(0, 3)).toEqual(["open", "fresh", "broken"]);
  expect(told.filter((one) => one === "fresh")).toHaveLength(1);
});

test("a hint says where one is before anything has happened", async () => {
  const hint = `id: at-0\nevent: session.updated\ndata: ${JSON.stringify({ type: "session.updated", session: aSession() })}\n\n`;
  const lastIds = answers(
    () => stream(QUICKLY + hint),
    () => stream(frames(EVENTS)),
  );
  await followed().until(5);
  expect(lastIds.slice(0, 2)).toEqual([null, "at-0"]);
});

test("where the last event is not known any more it begins anew, and says so", async () => {
  const lastIds = answers(
    () => stream(QUICKLY + frames(EVENTS.slice(0, 2))),
    () => HttpResponse.json({ type: "/problems/bad-event-id", title: "No", detail: "No" }, { status: 400 }),
    () => stream(frames(EVENTS.slice(3))),
  );
  const { told, refused, until } = followed();
  await until(3);
  expect(lastIds.slice(0, 3)).toEqual([null, "at-2", null]);
  expect(told.filter((one) => one === "fresh")).toHaveLength(2);
  expect(refused).not.toHaveBeenCalled();
});

test("a service that has trouble is asked again", async () => {
  answers(
    () => stream(QUICKLY + frames(EVENTS.slice(0, 1))),
    () => HttpResponse.json({ type: "/problems/unavailable", title: "Away", detail: "Away" }, { status: 503 }),
    () => stream(frames(EVENTS.slice(1))),
  );
  const { seen, refused, until } = followed();
  await until(4);
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(refused).not.toHaveBeenCalled();
});

test("a session that is not there is not asked for again", async () => {
  const lastIds = answers(() =>
    HttpResponse.json({ type: "/problems/not-found", title: "Not found", detail: "No such session." }, { status: 404 }),
  );
  const { refused } = followed();
  await waitFor(() => expect(refused).toHaveBeenCalledWith(expect.objectContaining({ slug: "not-found" })));
  expect(lastIds).toHaveLength(1);
});

test("a 401 asks for a key", async () => {
  signInWanted.set(false);
  answers(() => HttpResponse.json({}, { status: 401 }));
  const { refused } = followed();
  await waitFor(() => expect(signInWanted.get()).toBe(true));
  expect(refused).not.toHaveBeenCalled(); // it goes on when the key is there
  signInWanted.set(false);
});

test("a tab that nobody looks at takes no connection, and goes on where it was", async () => {
  const lastIds = answers(
    () => new HttpResponse(openStream(frames(EVENTS.slice(0, 2))), SSE),
    () => new HttpResponse(openStream(frames(EVENTS.slice(2))), SSE),
  );
  const { seen, until } = followed();
  await until(2);
  hidden(true);
  expect(lastIds).toHaveLength(1);
  hidden(false);
  await until(4);
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(lastIds).toEqual([null, "at-2"]);
  vi.restoreAllMocks();
});

/** A stream that says something and stays open. */
function openStream(text: string): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
}

test("events of all jobs come", async () => {
  const other = { ...EVENTS[0], job_id: "job_2" } as JobEvent;
  answers(() => stream(frames([...EVENTS, other])));
  const { seen, until } = followed();
  await until(5);
  expect(seen).toEqual([1, 2, 3, 4, 1]);
});
