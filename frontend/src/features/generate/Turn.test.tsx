import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { Turn } from "@/features/generate/Turn";
import { renderPage } from "@/testing/render";
import { aJob, eventsOf, replays, service } from "@/testing/service";

const PROMPT = { agent: "generate", input: { prompt: "Add numbers" } };
const noActions = () => ({ onOpen: vi.fn(), onRun: vi.fn(), onRetry: vi.fn() });

test("an answer is shown while it arrives", async () => {
  const job = aJob({ ...PROMPT, id: "job_turn_1", state: "running", started_at: "2026-05-03T10:00:00Z" });
  const events = eventsOf(
    { type: "job.running", worker: "w" },
    { type: "model.selected", model: "bedrock:some-model" },
    { type: "text.delta", text: "It adds **numbers**." },
    { type: "code.delta", text: "print(1 + " },
  );
  service.use(replays(events, "job_turn_1"));
  renderPage(<Turn job={job} actions={noActions()} />);
  expect(await screen.findByText("Writing the program")).toBeInTheDocument();
  expect(await screen.findByText("numbers")).toBeInTheDocument();
  expect(screen.getByText("bedrock:some-model")).toBeInTheDocument();
  expect(screen.queryByRole("button", { name: "Run" })).toBeNull();
});

test("a finished program can be run, opened, and asked for again", async () => {
  const job = aJob({ ...PROMPT, id: "job_turn_2", state: "succeeded" });
  const end = eventsOf(
    { type: "code.completed", code: "print(3)\n", explanation: "It prints 3." },
    { type: "job.succeeded", job },
  );
  service.use(replays(end, "job_turn_2"));
  const actions = noActions();
  renderPage(<Turn job={job} actions={actions} />);
  await userEvent.click(await screen.findByRole("button", { name: "Run" }));
  expect(actions.onRun).toHaveBeenCalledWith("print(3)\n");
  await userEvent.click(screen.getByRole("button", { name: "Open in editor" }));
  expect(actions.onOpen).toHaveBeenCalledWith("print(3)\n");
  await userEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(actions.onRetry).toHaveBeenCalledWith(job);
});

test("a failure says why and what to do", async () => {
  const error = { type: "model-unavailable", title: "No model answered", detail: "All were throttled." };
  const job = aJob({ ...PROMPT, id: "job_turn_3", state: "failed", error });
  service.use(replays(eventsOf({ type: "job.failed", job }), "job_turn_3"));
  renderPage(<Turn job={job} actions={noActions()} />);
  expect(await screen.findByText("No model answered")).toBeInTheDocument();
  expect(screen.getByText("All were throttled.")).toBeInTheDocument();
  expect(screen.getByText(/Wait a moment and try again/)).toBeInTheDocument();
});
