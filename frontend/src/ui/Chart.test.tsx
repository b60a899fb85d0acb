import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { ChartSeries } from "@/lib/plotly";
import { Chart } from "@/ui/Chart";

const series = (kind: ChartSeries["kind"], ...points: [number | string, number][]): ChartSeries => ({
  kind,
  name: kind,
  points: points.map(([x, y]) => ({ x, y })),
});

const drawn = (...all: ChartSeries[]) =>
  render(<Chart chart={{ title: "T", xLabel: "time", yLabel: "", series: all }} />).container;

test("says in words what there is to see", () => {
  drawn(series("line", [1, 2], [2, 3]));
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("T; x: time; line, line, 2 values");
});

test("every point has its mark, inside of the picture", () => {
  const container = drawn(series("points", [1, -5], [2, 5], [3, 0]));
  const circles = [...container.querySelectorAll("circle")];
  expect(circles).toHaveLength(3);
  for (const circle of circles) {
    expect(Number(circle.getAttribute("cx"))).toBeGreaterThanOrEqual(64);
    expect(Number(circle.getAttribute("cx"))).toBeLessThanOrEqual(624);
    expect(Number(circle.getAttribute("cy"))).toBeGreaterThanOrEqual(36);
    expect(Number(circle.getAttribute("cy"))).toBeLessThanOrEqual(304);
  }
});

test("bars stand on zero, and beside each other where there are several", () => {
  const container = drawn(series("bars", ["a", 2], ["b", 4]), { ...series("bars", ["a", 1], ["b", 1]), name: "other" });
  const rects = [...container.querySelectorAll("rect")].slice(0, 4);
  const bottoms = rects.map((one) => Number(one.getAttribute("y")) + Number(one.getAttribute("height")));
  for (const bottom of bottoms) expect(bottom).toBeCloseTo(304, 0);
  expect(new Set(rects.map((one) => one.getAttribute("x"))).size).toBe(4);
});

test.each<[string, ChartSeries]>([
  ["one point", series("line", [1, 1])],
  ["one bar of nothing", series("bars", ["a", 0])],
  ["the greatest numbers", series("line", [9e299, 9e299], [-9e299, -9e299])],
])("draws %s without a number that is none", (_, one) => {
  expect(drawn(one).innerHTML).not.toContain("NaN");
});
