import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
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
  renderPage(<Turn job={job} actions={noActions()} showBlocks={() => null} />);
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
  renderPage(<Turn job={job} actions={actions} showBlocks={() => null} />);
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
  renderPage(<Turn job={job} actions={noActions()} showBlocks={() => null} />);
  expect(await screen.findByText("No model answered")).toBeInTheDocument();
  expect(screen.getByText("All were throttled.")).toBeInTheDocument();
  expect(screen.getByText(/Wait a moment and try again/)).toBeInTheDocument();
});

test("a solved task shows its steps, its answer, and the program it ended with", async () => {
  const result = { answer: "It is **3**.", steps: [], code: "print(3)", model: "m" };
  const job = aJob({
    agent: "solve",
    input: { task: "How many?", max_turns: 12 },
    id: "job_turn_4",
    state: "succeeded",
    result,
  });
  const events = eventsOf(
    { type: "text.delta", text: "I count." },
    { type: "tool.started", step: 1, code: "print(3)" },
    { type: "stdout", text: "3\n" },
    { type: "tool.finished", step: 1, ok: true },
    { type: "text.delta", text: "It is **three**." },
    { type: "job.succeeded", job },
  );
  service.use(replays(events, "job_turn_4"));
  const actions = noActions();
  renderPage(<Turn job={job} actions={actions} showBlocks={(_key, _id, blocks) => `${blocks.length} blocks`} />);
  expect(await screen.findByText("How many?")).toBeInTheDocument();
  expect(await screen.findByText("three")).toBeInTheDocument();
  expect(screen.getByText("Step 1")).toBeInTheDocument();
  expect(screen.getByText("1 blocks")).toBeInTheDocument();
  await userEvent.click(screen.getByRole("button", { name: "Open in editor" }));
  expect(actions.onOpen).toHaveBeenCalledWith("print(3)");
});

test("a job of an agent from outside is shown with its title, input, words and result", async () => {
  const agent = { name: "csv-profile", title: "CSV profile", package: "aci-csv-profile 1.0" };
  service.use(http.get("*/v1/agents", () => HttpResponse.json({ items: [agent], refused: [] })));
  const result = { rows: 178, columns: [] };
  const job = aJob({ agent: "csv-profile", input: { path: "wine.csv" }, id: "job_turn_5", state: "succeeded", result });
  service.use(
    replays(eventsOf({ type: "text.delta", text: "It has 178 rows." }, { type: "job.succeeded", job }), "job_turn_5"),
  );
  renderPage(<Turn job={job} actions={noActions()} showBlocks={() => null} />);
  expect(await screen.findByText("It has 178 rows.")).toBeInTheDocument();
  expect(screen.getByText("path: wine.csv")).toBeInTheDocument();
  expect((await screen.findAllByLabelText("CSV profile")).length).toBeGreaterThan(0);
  expect(screen.getByLabelText("Result as JSON")).toHaveTextContent('"rows": 178');
});
