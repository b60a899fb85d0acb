import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import { type Connection, followJob } from "@/api/events";
import { signInWanted } from "@/api/sign-in";
import { aJob, eventsOf, frames, service, stream } from "@/testing/service";

const EVENTS = eventsOf(
  { type: "job.queued" },
  { type: "stdout", text: "one" },
  { type: "stdout", text: "two" },
  { type: "job.succeeded", job: aJob({ state: "succeeded" }) },
);

/** Follows job_1 to the end of the stream; returns what came. */
function followed(after = 0) {
  const seen: number[] = [];
  const connections: Connection[] = [];
  const refused = vi.fn();
  const ended = new Promise<void>((resolve) => {
    followJob("job_1", after, {
      onEvent: (event) => seen.push("seq" in event ? event.seq : 0),
      onConnection: (connection) => {
        connections.push(connection);
        if (connection === "closed") resolve();
      },
      onRefused: refused,
    });
  });
  return { seen, connections, refused, ended };
}

/** Answers the first request, the second, and so on; returns what each said it had seen. */
function answers(...responses: (() => Response)[]) {
  const lastIds: (string | null)[] = [];
  service.use(
    http.get("*/v1/jobs/job_1/events", ({ request }) => {
      lastIds.push(request.headers.get("last-event-id"));
      return responses[lastIds.length - 1]?.() ?? HttpResponse.error();
    }),
  );
  return lastIds;
}

const QUICKLY = "retry: 5\n\n";

test("a broken connection goes on after the last event seen, and nothing comes twice", async () => {
  const lastIds = answers(
    () => stream(QUICKLY + frames(EVENTS.slice(0, 2))),
    () => HttpResponse.error(),
    () => stream(frames(EVENTS.slice(2))),
  );
  const { seen, ended, connections } = followed();
  await ended;
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(lastIds).toEqual([null, "2", "2"]);
  expect(connections).toContain("reconnecting");
});

test("the last event closes the stream for good", async () => {
  const lastIds = answers(() => stream(QUICKLY + frames(EVENTS)));
  await followed().ended;
  await new Promise((resolve) => setTimeout(resolve, 40));
  expect(lastIds).toHaveLength(1);
});

test("a stream begins after the number that is known", async () => {
  const lastIds = answers(() => stream(frames(EVENTS.slice(3))));
  const { seen, ended } = followed(3);
  await ended;
  expect(lastIds).toEqual(["3"]);
  expect(seen).toEqual([4]);
});

test("nothing more to come (204) is an end", async () => {
  const lastIds = answers(() => new HttpResponse(null, { status: 204 }));
  await followed(4).ended;
  expect(lastIds).toHaveLength(1);
});

test("a service that has trouble is asked again", async () => {
  const lastIds = answers(
    () => stream(QUICKLY + frames(EVENTS.slice(0, 1))),
    () => HttpResponse.json({ type: "/problems/unavailable", title: "Away", detail: "Away" }, { status: 503 }),
    () => stream(frames(EVENTS.slice(1))),
  );
  const { seen, ended, refused } = followed();
  await ended;
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(lastIds).toHaveLength(3);
  expect(refused).not.toHaveBeenCalled();
});

test("a job that is not there is not asked for again", async () => {
  const lastIds = answers(() =>
    HttpResponse.json({ type: "/problems/not-found", title: "Not found", detail: "No such job." }, { status: 404 }),
  );
  const { ended, refused } = followed();
  await ended;
  expect(refused).toHaveBeenCalledWith(expect.objectContaining({ slug: "not-found", detail: "No such job." }));
  expect(lastIds).toHaveLength(1);
});

test("a 401 asks for a key", async () => {
  signInWanted.set(false);
  answers(() => HttpResponse.json({}, { status: 401 }));
  const { connections } = followed();
  await vi.waitFor(() => expect(signInWanted.get()).toBe(true));
  expect(connections).not.toContain("closed"); // it goes on when the key is there
  signInWanted.set(false);
});
