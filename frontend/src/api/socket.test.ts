import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followBySocket } from "@/api/socket";
import { eventsOf } from "@/testing/service";
import { FakeSocket } from "@/testing/socket";

const EVENTS = eventsOf({ type: "job.queued" }, { type: "stdout", text: "one" }, { type: "stdout", text: "two" });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function followed() {
  const seen: number[] = [];
  const told: string[] = [];
  const end = followBySocket("ses_1", {
    onFresh: () => told.push("fresh"),
    onOpen: () => told.push("open"),
    onBroken: () => told.push("broken"),
    onMessage: (said) => seen.push("seq" in said ? said.seq : 0),
    onRefused: (error) => told.push(`refused: ${error.message}`),
    onUnusable: () => told.push("unusable"),
  });
  return { seen, told, end };
}

/** The socket that was made last, in the service's hands. */
function newest(): FakeSocket {
  const socket = FakeSocket.made.at(-1);
  if (!socket) throw new Error("No socket was made.");
  return socket;
}

function gives(...events: typeof EVENTS) {
  for (const event of events) newest().says({ type: "event", id: `at-${event.seq}`, event });
}

test("it begins with what comes, and goes on after the last event when the connection breaks", () => {
  const { seen, told } = followed();
  expect(newest().url).toBe(`${globalThis.location.origin.replace("http", "ws")}/v1/ws`);
  newest().opens();
  expect(newest().sent).toEqual([{ type: "subscribe", session_id: "ses_1", after: "now" }]);
  newest().says({ type: "subscribed", session_id: "ses_1" });
  gives(...EVENTS.slice(0, 2));
  newest().breaks();
  vi.advanceTimersByTime(1000);
  expect(FakeSocket.made).toHaveLength(2);
  newest().opens();
  expect(newest().sent).toEqual([{ type: "subscribe", session_id: "ses_1", after: "at-2" }]);
  newest().says({ type: "subscribed", session_id: "ses_1" });
  gives(...EVENTS.slice(2));
  expect(seen).toEqual([1, 2, 3]);
  expect(told).toEqual(["open", "fresh", "broken", "open"]);
});

test("where the last event is not known any more it begins anew, and says so", () => {
  const { told } = followed();
  newest().opens();
  newest().says({ type: "subscribed" });
  gives(...EVENTS);
  newest().breaks(1012);
  vi.advanceTimersByTime(500);
  newest().opens();
  newest().says({ type: "problem", problem: { type: "/problems/bad-event-id", title: "", status: 400, detail: "" } });
  expect(newest().sent.at(-1)).toEqual({ type: "subscribe", session_id: "ses_1", after: "now" });
  newest().says({ type: "subscribed" });
  expect(told).toEqual(["open", "fresh", "broken", "open", "fresh"]);
});

test("where no socket gets through another way is to be tried", () => {
  const { told } = followed();
  newest().breaks();
  vi.advanceTimersByTime(1000);
  newest().breaks();
  expect(told).toEqual(["broken", "unusable"]);
  vi.advanceTimersByTime(100_000);
  expect(FakeSocket.made).toHaveLength(2);
});

test("a service that went away after it was there is waited for", () => {
  const { told } = followed();
  newest().opens();
  newest().says({ type: "subscribed" });
  for (let time = 0; time < 6; time += 1) {
    newest().breaks();
    vi.advanceTimersByTime(10_000);
  }
  expect(FakeSocket.made).toHaveLength(7);
  expect(told).not.toContain("unusable");
});

test("a session that is not there is not asked for again", () => {
  const { told } = followed();
  newest().opens();
  newest().says({ type: "problem", problem: { type: "/problems/not-found", title: "", status: 404, detail: "None." } });
  vi.advanceTimersByTime(100_000);
  expect(told).toEqual(["refused: None."]);
  expect(FakeSocket.made).toHaveLength(1);
});

test("a service that falls silent is asked, and left when it does not answer", () => {
  const { told } = followed();
  newest().opens();
  newest().says({ type: "subscribed" });
  vi.advanceTimersByTime(40_000);
  expect(newest().sent.at(-1)).toEqual({ type: "ping" });
  newest().says({ type: "pong" });
  vi.advanceTimersByTime(20_000);
  expect(told).not.toContain("broken");
  vi.advanceTimersByTime(60_000);
  expect(told).toContain("broken");
  expect(FakeSocket.made.length).toBeGreaterThan(1);
});

test("what was ended says nothing more", () => {
  const { seen, told, end } = followed();
  newest().opens();
  end();
  gives(...EVENTS);
  newest().breaks();
  vi.advanceTimersByTime(100_000);
  expect({ seen, told }).toEqual({ seen: [], told: [] });
  expect(FakeSocket.made).toHaveLength(1);
});
