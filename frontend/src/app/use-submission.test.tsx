import { act, renderHook, waitFor } from "@testing-library/react";
import { HttpResponse, http } from "msw";
import type { ReactNode } from "react";
import { expect, test } from "vitest";
import { flashes } from "@/app/flashes";
import { Providers } from "@/app/Providers";
import { useSubmission } from "@/app/use-submission";
import { aJob, service } from "@/testing/service";

const wrapper = ({ children }: { children: ReactNode }) => <Providers messages={[]}>{children}</Providers>;
const REQUEST = { agent: "generate", input: { prompt: "Add" } } as const;

/** Counts submits and cancels; the answer to a submit waits for `accept`. */
function aService() {
  const calls: string[] = [];
  let accept = () => {};
  const accepted = new Promise<void>((resolve) => {
    accept = resolve;
  });
  service.use(
    http.post("*/v1/jobs", async () => {
      calls.push("submit");
      await accepted;
      return HttpResponse.json(aJob({ agent: "generate" }), { status: 202 });
    }),
    http.post("*/v1/jobs/job_1/cancel", () => {
      calls.push("cancel");
      return HttpResponse.json(aJob({ state: "cancelled" }), { status: 202 });
    }),
  );
  return { calls, accept: () => accept() };
}

test("stop works while the service has not even answered", async () => {
  const { calls, accept } = aService();
  const { result } = renderHook(useSubmission, { wrapper });
  let sent: Promise<unknown> = Promise.resolve();
  act(() => {
    sent = result.current.submit(async () => "ses_1", REQUEST);
  });
  await waitFor(() => expect(calls).toEqual(["submit"]));
  act(() => result.current.stop());
  accept();
  await act(async () => void (await sent));
  expect(calls).toEqual(["submit", "cancel"]);
  expect(result.current.sending).toBe(false);
});

test("stopped while its session is begun, nothing is sent", async () => {
  const { calls } = aService();
  const { result } = renderHook(useSubmission, { wrapper });
  let begin = (_: string) => {};
  const session = new Promise<string>((resolve) => {
    begin = resolve;
  });
  let sent: Promise<unknown> = Promise.resolve();
  act(() => {
    sent = result.current.submit(() => session, REQUEST);
  });
  act(() => result.current.stop());
  begin("ses_1");
  await act(async () => void (await sent));
  expect(calls).toEqual([]);
});

test("a refusal is shown with what to do", async () => {
  service.use(
    http.post("*/v1/jobs", () =>
      HttpResponse.json(
        { type: "/problems/invalid-input", title: "Not valid", detail: "/input/prompt: too long", status: 422 },
        { status: 422 },
      ),
    ),
  );
  const { result } = renderHook(useSubmission, { wrapper });
  await act(async () => void (await result.current.submit(async () => "ses_1", REQUEST)));
  expect(flashes.get().at(-1)).toMatchObject({ title: "Not valid", detail: "/input/prompt: too long" });
});
