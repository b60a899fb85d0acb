import { expect, test } from "vitest";
import { shownOutput } from "@/features/results/output";

const TABLE = { schema: { fields: [{ name: "a", type: "integer" }] }, data: [{ a: 1 }] };

test.each([
  ["table", { "text/html": "<table>", "text/plain": "a", "application/vnd.dataresource+json": TABLE }],
  ["figure", { "image/png": { artifact: "figure-1.png", size: 3 }, "text/plain": "<Figure>" }],
  ["figure", { "image/svg+xml": { artifact: "f.svg", size: 3 } }],
  ["picture", { "image/svg+xml": "<svg/>" }],
  ["html", { "text/html": "<b>x</b>", "text/plain": "x" }],
  ["html", { "text/html": "<b>x</b>", "application/vnd.dataresource+json": { broken: true } }],
  ["plotly", { "application/vnd.plotly.v1+json": { data: [], layout: {} }, "text/plain": "Figure" }],
  ["text", { "text/latex": "$x$", "text/plain": "<IPython.core.display.Latex object>" }],
  ["markdown", { "text/markdown": "**x**", "text/plain": "x" }],
  ["json", { "application/json": { a: 1 } }],
  ["text", { "text/plain": "3" }],
  ["unknown", { "application/x-new": "?" }],
  ["unknown", { "image/png": { size: 3 } }],
  ["nothing", {}],
])("shown as %s", (kind, bundle) => {
  expect(shownOutput(bundle).kind).toBe(kind);
});

test("a figure is called by what its program says of it", () => {
  const bundle = { "image/png": { artifact: "f.png", size: 1 }, "text/plain": "<Figure size 640x480 with 1 Axes>" };
  expect(shownOutput(bundle)).toMatchObject({ alt: "Figure size 640x480 with 1 Axes" });
});

test("a figure is called by its chart's title, and brings the chart's data", () => {
  const chart = { title: null, charts: [{ kind: "line", title: "Growth", series: [] }] };
  const bundle = { "image/png": { artifact: "f.png", size: 1 }, "application/vnd.aci.chart+json": chart };
  const shown = shownOutput(bundle);
  expect(shown).toMatchObject({ kind: "figure", alt: "Figure: Growth" });
  expect(JSON.parse((shown.kind === "figure" && shown.data) || "")).toEqual(chart);
});

test.each([{ title: 3 }, { charts: [null] }, [], "x", null])("a chart of no form is no title (%j)", (chart) => {
  const bundle = { "image/png": { artifact: "f.png", size: 1 }, "application/vnd.aci.chart+json": chart };
  expect(shownOutput(bundle)).toMatchObject({ kind: "figure", alt: "Figure" });
});
