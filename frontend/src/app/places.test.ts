import { expect, test } from "vitest";
import { addressOf, readPlace } from "@/app/location";
import { groupByDay, titleOf } from "@/features/sessions/group-by-day";
import { aSession } from "@/testing/service";

test.each([
  ["", { sessionId: null, tab: "generator" }],
  ["?session=ses_1", { sessionId: "ses_1", tab: "generator" }],
  ["?session=ses_1&tab=results", { sessionId: "ses_1", tab: "results" }],
  ["?tab=nonsense", { sessionId: null, tab: "generator" }],
] as const)("the address %j is a place, and back", (search, place) => {
  expect(readPlace(search)).toEqual(place);
  expect(readPlace(addressOf(place).slice(1))).toEqual(place);
});

test("sessions are listed by day, in their order", () => {
  const at = (day: number) => new Date(2026, 4, day, 12).toISOString();
  const sessions = [
    aSession({ id: "c", created_at: at(8) }),
    aSession({ id: "b", created_at: at(8) }),
    aSession({ id: "a", created_at: at(7) }),
  ];
  const days = groupByDay(sessions, new Date(2026, 4, 8, 18));
  expect(days.map((day) => [day.name, day.sessions.map((one) => one.id)])).toEqual([
    ["Today", ["c", "b"]],
    ["Yesterday", ["a"]],
  ]);
  expect(titleOf(aSession({ title: "  " }))).toBe("Untitled session");
});
