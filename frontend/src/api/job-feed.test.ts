import { act, renderHook, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import { afterEach, expect, test } from "vitest";
import { feedOf, watchJob } from "@/api/job-feed";
import { endOf } from "@/api/job-state";
import type { JobEvent } from "@/api/types";
import { useIsActive } from "@/api/use-job";
import { aJob, eventsOf, service } from "@/testing/service";
import { FakeSocket } from "@/testing/socket";

let leave: (() => void) | undefined;
afterEach(() => leave?.());
let number = 0;

/** A job of a session that no other test has, its log, and the socket on which its events come. */
function aLiveJob() {
  number += 1;
  const job = aJob({ id: `job_live_${number}`, session_id: `ses_live_${number}`, state: "running" });
  const log: JobEvent[] = [];
  const asked: number[] = [];
  service.use(
    http.get(`*/v1/jobs/${job.id}/events`, ({ request }) => {
      const after = Number(new URL(request.url).searchParams.get("after"));
      asked.push(after);
      return HttpResponse.json({ items: log.filter((one) => one.seq > after), next_after: null });
    }),
  );
  const life = eventsOf(
    { type: "job.queued" },
    { type: "job.running", worker: "w" },
    { type: "stdout", text: "a" },
    { type: "stdout", text: "b" },
    { type: "job.succeeded", job: { ...job, state: "succeeded" } },
  ).map((one) => ({ ...one, job_id: job.id }));
  leave = watchJob(job);
  const socket = FakeSocket.made.at(-1);
  if (!socket) throw new Error("No socket was made.");
  socket.opens();
  const tell = (event: JobEvent) => socket.says({ type: "event", id: `at-${event.seq}`, event });
  return { job, log, asked, life, socket, tell, seq: () => feedOf(job).get().job.seq };
}

test("what was before is read once nothing more can be missed", async () => {
  const { log, life, socket, seq, asked } = aLiveJob();
  await waitFor(() => expect(asked).toEqual([0]));
  log.push(...life.slice(0, 3)); // committed after the first reading, told to nobody
  socket.says({ type: "subscribed" });
  await waitFor(() => expect(seq()).toBe(3));
});

test("a gap in the numbers is read, and nothing is lost or shown twice", async () => {
  const { job, log, life, socket, tell, seq } = aLiveJob();
  socket.says({ type: "subscribed" });
  log.push(...life);
  const [first, second, , fourth, fifth] = life as [JobEvent, JobEvent, JobEvent, JobEvent, JobEvent];
  for (const event of [first, second, fourth, fifth, fourth]) tell(event);
  await waitFor(() => expect(seq()).toBe(5));
  const state = feedOf(job).get().job;
  expect(state.blocks).toEqual([{ kind: "text", pieces: [{ text: "ab", error: false }] }]);
  expect(endOf(state)?.state).toBe("succeeded");
});

test("events of other jobs change nothing", async () => {
  const { life, socket, tell, seq, asked } = aLiveJob();
  socket.says({ type: "subscribed" });
  await waitFor(() => expect(asked.length).toBeGreaterThan(0));
  for (const event of life.slice(0, 2)) tell({ ...event, job_id: "job_other" });
  const [first] = life as [JobEvent];
  tell(first);
  await waitFor(() => expect(seq()).toBe(1));
});

test("who needs only to know whether a job goes on is drawn anew when it ends, not for each word of it", async () => {
  const { job, life, socket, tell, seq } = aLiveJob();
  socket.says({ type: "subscribed" });
  const drawn: boolean[] = [];
  renderHook(() => drawn.push(useIsActive(job)));
  for (const [at, event] of life.entries()) {
    act(() => tell(event));
    await waitFor(() => expect(seq()).toBe(at + 1));
  }
  await waitFor(() => expect(drawn.at(-1)).toBe(false));
  expect(drawn).toEqual([true, false]);
});
