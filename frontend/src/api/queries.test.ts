import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { expect, test } from "vitest";
import { askAnew, keys } from "@/api/queries";

/** Questions that are answered when the test says so. */
function asker() {
  const open: ((files: string[]) => void)[] = [];
  const queries = new QueryClient();
  const observer = new QueryObserver<string[]>(queries, {
    queryKey: keys.files("s"),
    queryFn: () => new Promise((resolve) => open.push(resolve)),
  });
  return { open, queries, observer, stop: observer.subscribe(() => {}) };
}

test("the first answer is not kept if something has changed since it was asked for", async () => {
  const { open, queries, observer, stop } = asker();
  const asked = askAnew(queries, keys.files("s"));
  open[0]?.([]);
  await expect.poll(() => open.length).toBe(2);
  open[1]?.(["new.csv"]);
  await asked;
  expect(observer.getCurrentResult().data).toEqual(["new.csv"]);
  stop();
});

test("nor is a later one", async () => {
  const { open, queries, observer, stop } = asker();
  open[0]?.([]);
  await expect.poll(() => observer.getCurrentResult().data).toEqual([]);
  void askAnew(queries, keys.files("s"));
  await expect.poll(() => open.length).toBe(2);
  const asked = askAnew(queries, keys.files("s"));
  open[1]?.([]);
  await expect.poll(() => open.length).toBe(3);
  open[2]?.(["new.csv"]);
  await asked;
  expect(observer.getCurrentResult().data).toEqual(["new.csv"]);
  stop();
});
