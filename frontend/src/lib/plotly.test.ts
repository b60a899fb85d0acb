import { describe, expect, test } from "vitest";
import { readPlotly } from "@/lib/plotly";

const figure = (...data: unknown[]) => ({
  data,
  layout: { title: { text: "T" }, xaxis: { title: { text: "x" } }, yaxis: { title: "y" } },
});

describe("what is drawn", () => {
  test("titles, and lines or points by their mode", () => {
    const chart = readPlotly(
      figure(
        { type: "scatter", mode: "lines", name: "a", x: [1, 2], y: [3, 4] },
        { mode: "markers", x: ["p"], y: [5] },
      ),
    );
    expect(chart).toEqual({
      title: "T",
      xLabel: "x",
      yLabel: "y",
      series: [
        {
          kind: "line",
          name: "a",
          points: [
            { x: 1, y: 3 },
            { x: 2, y: 4 },
          ],
        },
        { kind: "points", name: "Series 2", points: [{ x: "p", y: 5 }] },
      ],
    });
  });

  test("numbers that are packed", () => {
    const chart = readPlotly(
      figure({ type: "bar", x: { dtype: "i1", bdata: "AQI=" }, y: { dtype: "f8", bdata: "AAAAAAAA+D8AAAAAAAAAwA==" } }),
    );
    expect(chart?.series[0]?.points).toEqual([
      { x: 1, y: 1.5 },
      { x: 2, y: -2 },
    ]);
  });

  test("a histogram is counted", () => {
    const points = readPlotly(figure({ type: "histogram", x: [0, 0, 0, 10] }))?.series[0]?.points ?? [];
    expect(points).toHaveLength(20);
    expect([points[0]?.y, points[19]?.y]).toEqual([3, 1]);
  });

  test("a pie's parts are bars by their labels", () => {
    expect(readPlotly(figure({ type: "pie", labels: ["a"], values: [2] }))?.series[0]).toMatchObject({
      kind: "bars",
      points: [{ x: "a", y: 2 }],
    });
  });
});

test.each([
  ["nothing", undefined],
  ["a text", "x"],
  ["no traces", figure()],
  ["traces that are none", figure(null, 3, [])],
  ["a kind that is not drawn", figure({ type: "surface", z: [[1]] })],
  ["bars that lie", figure({ type: "bar", orientation: "h", x: [1], y: [2] })],
  ["values that are no numbers", figure({ x: [1], y: ["NaN"] })],
  ["packed numbers of an unknown type", figure({ x: [1], y: { dtype: "c16", bdata: "AQI=" } })],
  ["packed numbers that are not packed", figure({ x: [1], y: { dtype: "i1", bdata: "%" } })],
])("not drawn: %s", (_, value) => {
  expect(readPlotly(value)).toBeNull();
});

test("very much is drawn in part", () => {
  const many = Array.from({ length: 5000 }, (_, at) => at);
  const chart = readPlotly(figure(...Array.from({ length: 100 }, () => ({ x: many, y: many }))));
  expect(chart?.series).toHaveLength(20);
  expect(chart?.series[0]?.points).toHaveLength(2000);
});
