import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Agent } from "@/api/types";
import { AgentForm } from "@/features/generate/AgentForm";
import { fieldsOf, inputOf } from "@/features/generate/agent-fields";
import { renderPage } from "@/testing/render";

const SCHEMA = {
  type: "object",
  required: ["path", "strict"],
  properties: {
    path: { type: "string", title: "Path", description: "A CSV file of the session" },
    sample: { type: "integer", title: "Sample", default: 100 },
    strict: { type: "boolean", title: "Strict" },
    form: { enum: ["short", "long"], title: "Form", default: "short" },
    note: { anyOf: [{ type: "string" }, { type: "null" }], default: null, title: "Note" },
    more: { type: "array", items: { type: "string" }, title: "More" },
  },
};
const AGENT = {
  name: "a",
  title: "CSV profile",
  description: "Says what is in it.",
  input_schema: SCHEMA,
} as unknown as Agent;

test("each kind of value has a field of its kind", () => {
  expect(fieldsOf(SCHEMA).map(({ name, kind, needed }) => [name, kind, needed])).toEqual([
    ["path", "text", true],
    ["sample", "number", false],
    ["strict", "toggle", true],
    ["form", "choice", false],
    ["note", "text", false],
    ["more", "json", false],
  ]);
});

test("what is empty is left out, what is wrong is named", () => {
  const fields = fieldsOf(SCHEMA);
  expect(inputOf(fields, { path: "a.csv", sample: "", note: " " }).input).toEqual({ path: "a.csv", strict: false });
  expect(inputOf(fields, { path: "a.csv", sample: "7", more: '["x"]' }).input).toMatchObject({
    sample: 7,
    more: ["x"],
  });
  expect(inputOf(fields, { sample: "many", more: "x" })).toEqual({
    input: null,
    wrong: { path: "This is needed.", sample: "This has to be a number.", more: "This is not JSON." },
  });
});

test("a form is sent when it is whole, and says before what is missing", async () => {
  const start = vi.fn();
  renderPage(<AgentForm agent={AGENT} busy={false} onStart={start} />);
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  expect(await screen.findByText("This is needed.")).toBeInTheDocument();
  expect(start).not.toHaveBeenCalled();
  await userEvent.type(screen.getByRole("textbox", { name: "Path" }), "wine.csv");
  await userEvent.click(screen.getByRole("button", { name: "Start" }));
  expect(start).toHaveBeenCalledWith({ path: "wine.csv", strict: false });
});
