import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test, vi } from "vitest";
import type { Job } from "@/api/types";
import { ResultsTab } from "@/features/results/ResultsTab";
import { renderPage } from "@/testing/render";
import { aJob, eventsOf, replays, service } from "@/testing/service";

let count = 0;

/** Shows one ended run with these events. */
function show(change: Partial<Job>, ...events: Parameters<typeof eventsOf>) {
  count += 1;
  const id = `job_results_${count}`;
  const job = aJob({ id, state: "succeeded", ...change, timings: { queued_ms: 4, run_ms: 1200 } });
  const end = { type: `job.${job.state}`, job } as Parameters<typeof eventsOf>[number];
  service.use(replays(eventsOf({ type: "job.running", worker: "w" }, ...events, end), id));
  const actions = { onStop: vi.fn(), onRunAgain: vi.fn(), onOpen: vi.fn(), onFix: vi.fn() };
  const shown = renderPage(
    <ResultsTab
      runs={[job]}
      sending={false}
      picked={null}
      onPick={() => {}}
      onGoToEditor={() => {}}
      theme="light"
      actions={actions}
    />,
  );
  return { ...shown, job, actions };
}

test("printed text is shown as a terminal would", async () => {
  show({}, { type: "stdout", text: "10 %\r" }, { type: "stdout", text: "100 %\n\u001b[31mred" });
  const text = await screen.findByRole("region", { name: "Printed text" });
  expect(text).toHaveTextContent("100 %red");
  expect(within(text).getByText("red")).toHaveClass("aci-t-fg-1");
  expect(screen.getByText("1.2 s")).toBeInTheDocument();
});

test("a data frame is a table", async () => {
  const table = {
    schema: {
      fields: [
        { name: "who", type: "string" },
        { name: "age", type: "integer" },
      ],
    },
    data: [
      { who: "Ada", age: 36 },
      { who: "Bob", age: null },
    ],
  };
  const { page } = show({}, { type: "output", data: { "application/vnd.dataresource+json": table } });
  await screen.findByText("Ada");
  expect(
    page
      .findTable()
      ?.findColumnHeaders()
      .map((one) => one.getElement().textContent),
  ).toEqual(["who", "age"]);
  expect(page.findTable()?.findBodyCell(2, 2)?.getElement()).toHaveTextContent("null");
});

test("a figure can be seen and downloaded", async () => {
  const { job } = show(
    {},
    { type: "output", data: { "image/png": { artifact: "figure-1.png", size: 9 }, "text/plain": "<Figure>" } },
  );
  const address = `/v1/jobs/${job.id}/artifacts/figure-1.png`;
  expect(await screen.findByRole("img", { name: "Figure" })).toHaveAttribute("src", address);
  expect(screen.getByRole("link", { name: /Download figure-1.png/ })).toHaveAttribute("href", address);
});

test("HTML goes into a frame that runs no scripts", async () => {
  show({}, { type: "output", data: { "text/html": "<script>alert(1)</script><b>bold</b>" } });
  const frame = await screen.findByTitle("Output as HTML");
  expect(frame).toHaveAttribute("sandbox", "allow-same-origin");
  expect(document.querySelector("script")).toBeNull();
});

test("an error says what to do, and the AI can be asked to mend it", async () => {
  const error = { name: "NameError", value: "x is not defined", traceback: ["Traceback …", "NameError: x"], line: 3 };
  const problem = { type: "user-code-error", title: "The program raised NameError", detail: "x is not defined" };
  const { actions, job } = show({ state: "failed", error: problem }, { type: "error", ...error });
  expect(await screen.findByText("The program raised NameError (line 3)")).toBeInTheDocument();
  expect(screen.getByRole("region", { name: "Traceback" })).toHaveTextContent("NameError: x");
  await userEvent.click(screen.getByRole("button", { name: "Fix with AI" }));
  expect(actions.onFix).toHaveBeenCalledWith(job, error);
  await userEvent.click(screen.getByRole("button", { name: "Show the line" }));
  expect(actions.onOpen).toHaveBeenCalledWith("print(1)");
});

test("a run that took too long can be mended too, and names the way out", async () => {
  const problem = { type: "timeout", title: "The program ran too long", detail: "The limit is 60 seconds." };
  show({ state: "failed", error: problem });
  expect(await screen.findByText(/Give it more time/)).toBeInTheDocument();
  expect(screen.getByRole("button", { name: "Fix with AI" })).toBeInTheDocument();
});

test("changed files can be downloaded, deleted ones can't", async () => {
  show(
    {},
    { type: "file.changed", path: "out/my file.csv", size: 1200, change: "created", file_id: "fil_1" },
    { type: "file.changed", path: "old.csv", size: 0, change: "deleted", file_id: null },
  );
  expect(await screen.findByRole("link", { name: "Download out/my file.csv" })).toHaveAttribute(
    "href",
    "/v1/sessions/ses_1/files/out/my%20file.csv",
  );
  expect(screen.queryByRole("link", { name: "Download old.csv" })).toBeNull();
});

test("a fresh interpreter is announced", async () => {
  show({}, { type: "sandbox.reset", reason: "the sandbox was gone" });
  expect(await screen.findByText("The interpreter was reset")).toBeInTheDocument();
  expect(screen.getByText(/variables are gone/)).toBeInTheDocument();
});

test("no output at all is said, not left blank", async () => {
  show({});
  expect(await screen.findByText(/gave no output/)).toBeInTheDocument();
});

/** Shows a run that has not ended, with these events so far. */
function showRunning(...events: Parameters<typeof eventsOf>) {
  count += 1;
  const id = `job_results_${count}`;
  const job = aJob({ id, state: "running", started_at: "2026-05-03T10:00:00.000Z" });
  const all = eventsOf({ type: "job.running", worker: "w" }, ...events).map((event) => ({ ...event, job_id: id }));
  service.use(replays(all as ReturnType<typeof eventsOf>, id));
  const actions = { onStop: vi.fn(), onRunAgain: vi.fn(), onOpen: vi.fn(), onFix: vi.fn() };
  renderPage(
    <ResultsTab
      runs={[job]}
      sending={false}
      picked={null}
      onPick={() => {}}
      onGoToEditor={() => {}}
      theme="light"
      actions={actions}
    />,
  );
  return job;
}

function answers(jobId: string, status = 202) {
  const said: unknown[] = [];
  service.use(
    http.post(`*/v1/jobs/${jobId}/input`, async ({ request }) => {
      said.push(await request.json());
      const problem = { type: "/problems/conflict", title: "Conflict", status, detail: "", request_id: "r" };
      return HttpResponse.json(status === 202 ? { job_id: jobId, request: "q1" } : problem, { status });
    }),
  );
  return said;
}

test("a program's question is answered with Enter, where it was asked", async () => {
  const job = showRunning(
    { type: "stdout", text: "welcome" },
    { type: "input.requested", request: "q1", prompt: "name? ", password: false },
  );
  const said = answers(job.id);
  const line = await screen.findByLabelText("name?");
  expect(line).toHaveAttribute("type", "text");
  expect(screen.getByText("Waits for your answer")).toBeInTheDocument();
  await userEvent.type(line, "Ada{Enter}");
  await screen.findByText("Sending …");
  expect(line).toBeDisabled();
  expect(said).toEqual([{ request: "q1", text: "Ada" }]);
});

test("a password is not shown while it is typed", async () => {
  showRunning({ type: "input.requested", request: "q1", prompt: "Password: ", password: true });
  expect(await screen.findByLabelText("Password:")).toHaveAttribute("type", "password");
});

test("what another tab has answered can't be answered again", async () => {
  const job = showRunning({ type: "input.requested", request: "q1", prompt: "name? ", password: false });
  answers(job.id, 409);
  const line = await screen.findByLabelText("name?");
  await userEvent.type(line, "late{Enter}");
  await screen.findByText("It was answered already, or is no longer asked.");
  expect(line).toBeDisabled();
});

test("answered questions, and those nobody waits for any more, take no answer", async () => {
  showRunning(
    { type: "input.requested", request: "q1", prompt: "one? ", password: false },
    { type: "input.received", request: "q1" },
    { type: "input.requested", request: "q2", prompt: "two? ", password: false },
    { type: "input.requested", request: "q3", prompt: "three? ", password: false },
  );
  expect(await screen.findByLabelText("one?")).toHaveTextContent("answered");
  expect(screen.getByLabelText("two?")).toHaveTextContent("no longer asked");
  expect(screen.getAllByRole("textbox")).toHaveLength(1);
});

test("the end of a run ends its question", async () => {
  show({ state: "cancelled" }, { type: "input.requested", request: "q1", prompt: "one? ", password: false });
  expect(await screen.findByLabelText("one?")).toHaveTextContent("no longer asked");
});
