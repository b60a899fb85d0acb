import { act, renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useRunOptions } from "@/app/use-run-options";
import { DEFAULT_OPTIONS } from "@/features/editor/run-options";

const CHOSEN = { timeoutS: 300, reset: true, answers: "Ada\n" };

function chosenIn(session: string | null) {
  const hook = renderHook(({ of }: { of: string | null }) => useRunOptions(of), { initialProps: { of: session } });
  act(() => hook.result.current.setOptions(CHOSEN));
  return hook;
}

test.each(["ses_1", null])("another session gets the time, and neither answers nor a fresh start (%s)", (first) => {
  const { result, rerender } = chosenIn(first);
  rerender({ of: "ses_2" });
  expect(result.current.options).toEqual({ ...DEFAULT_OPTIONS, timeoutS: 300 });
});

test("a session that has only now begun keeps what was chosen for it", () => {
  const { result, rerender } = chosenIn(null);
  act(() => result.current.adoptOptions("ses_1"));
  rerender({ of: "ses_1" });
  expect(result.current.options).toEqual(CHOSEN);
});

test("what one session has, no other adopts", () => {
  const { result, rerender } = chosenIn("ses_1");
  act(() => result.current.adoptOptions("ses_2"));
  rerender({ of: "ses_2" });
  expect(result.current.options.answers).toBe("");
});

test("a fresh start is had once, and the answers stay", () => {
  const { result } = chosenIn("ses_1");
  act(() => result.current.started());
  expect(result.current.options).toEqual({ ...CHOSEN, reset: false });
});
