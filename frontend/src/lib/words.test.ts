import { describe, expect, test } from "vitest";
import { bytes, dayName, duration, firstWords, plural } from "@/lib/format";
import { inputCalls } from "@/lib/input-calls";
import { cellText, compareCells, readTabular } from "@/lib/tabular";

describe("a program asks", () => {
  test.each([
    ['name = input("Your name? ")', [{ line: 1, prompt: "Your name?" }]],
    ["x = 1\ny = int(input())", [{ line: 2, prompt: "" }]],
    [
      "input('a')\ninput(f'b')",
      [
        { line: 1, prompt: "a" },
        { line: 2, prompt: "b" },
      ],
    ],
    ["# input()\nprint('input()')", []],
    ['"""\ninput()\n"""', []],
    ["raw_input()\nform.input()", []],
  ])("%j", (code, calls) => {
    expect(inputCalls(code)).toEqual(calls);
  });
});

describe("numbers and times", () => {
  test("bytes", () =>
    expect([0, 999, 1000, 13_323, 2_500_000].map(bytes)).toEqual(["0 B", "999 B", "1.0 kB", "13 kB", "2.5 MB"]));
  test("durations", () =>
    expect([3, 1500, 12_400, 59_900, 125_000].map(duration)).toEqual([
      "3 ms",
      "1.5 s",
      "12 s",
      "1 min 00 s",
      "2 min 05 s",
    ]));
  test("counts", () => expect([plural(1, "row"), plural(2, "match", "matches")]).toEqual(["1 row", "2 matches"]));
  test("first words", () => {
    expect(firstWords("  one line\nanother")).toBe("one line");
    expect(firstWords("a".repeat(80), 10)).toBe(`${"a".repeat(9)}…`);
  });
  test("days", () => {
    const now = new Date(2026, 4, 8, 9);
    const days = [0, 1, 3].map((ago) => dayName(new Date(2026, 4, 8 - ago, 23).toISOString(), now));
    expect(days).toEqual(["Today", "Yesterday", "Tuesday"]);
  });
});

describe("a data frame", () => {
  const resource = {
    schema: {
      fields: [
        { name: "i", type: "integer" },
        { name: "who", type: "string" },
      ],
      primaryKey: ["i"],
    },
    data: [
      { i: 1, who: "a" },
      { i: 2, who: null },
    ],
    rows: 900,
  };
  test("is read with its index and its whole length", () => {
    expect(readTabular(resource)).toEqual({
      columns: [
        { name: "i", numeric: true, isIndex: true },
        { name: "who", numeric: false, isIndex: false },
      ],
      rows: [
        [1, "a"],
        [2, null],
      ],
      total: 900,
    });
  });
  test.each([undefined, null, "text", [], { data: [] }, { data: 1, schema: { fields: [] } }, { schema: {}, data: [] }])(
    "is not made of %j",
    (value) => expect(readTabular(value)).toBeNull(),
  );
  test("sorts numbers by size, and what is missing to the end", () => {
    expect([10, 9, null, 1].sort(compareCells)).toEqual([1, 9, 10, null]);
    expect([0.1 + 0.2, true, { a: 1 }, null].map(cellText)).toEqual(["0.3", "true", '{"a":1}', ""]);
  });
});
