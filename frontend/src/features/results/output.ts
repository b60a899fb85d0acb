/**
 * One output of a run is a bundle of the same thing in several formats (Jupyter's "MIME bundle"). This picks the one
 * that can be shown best, and says what kind of thing it is.
 */
import { type ChartData, readPlotly } from "@/lib/plotly";
import { readTabular, type TabularData } from "@/lib/tabular";

export type ShownOutput =
  | { kind: "table"; table: TabularData }
  | { kind: "figure"; mime: string; artifact: string; alt: string; data: string | null }
  | { kind: "plotly"; chart: ChartData | null; json: string }
  | { kind: "picture"; source: string; mime: string; alt: string }
  | { kind: "html"; html: string }
  | { kind: "markdown"; text: string }
  | { kind: "json"; text: string }
  | { kind: "text"; text: string }
  | { kind: "nothing" }
  | { kind: "unknown"; mimes: readonly string[] };

type Bundle = Readonly<Record<string, unknown>>;

const PLOTLY = "application/vnd.plotly.v1+json";
const CHART = "application/vnd.aci.chart+json";
const TABLE = "application/vnd.dataresource+json";
const PICTURES = ["image/svg+xml", "image/png", "image/jpeg", "image/gif", "image/webp"];

export function shownOutput(bundle: Bundle): ShownOutput {
  if (Object.keys(bundle).length === 0) return { kind: "nothing" };
  return (
    tableOf(bundle) ??
    plotlyOf(bundle) ??
    pictureOf(bundle) ??
    wordsOf(bundle) ?? { kind: "unknown", mimes: Object.keys(bundle) }
  );
}

function tableOf(bundle: Bundle): ShownOutput | null {
  const table = readTabular(bundle[TABLE]);
  return table && table.columns.length > 0 ? { kind: "table", table } : null;
}

function pictureOf(bundle: Bundle): ShownOutput | null {
  const alt = titleOf(bundle[CHART]) ?? altOf(bundle["text/plain"]);
  const behind = bundle[CHART] === undefined ? null : JSON.stringify(bundle[CHART], null, 2);
  for (const mime of PICTURES) {
    const value = bundle[mime];
    const artifact = artifactOf(value);
    if (artifact) return { kind: "figure", mime, artifact, alt, data: behind };
    if (typeof value !== "string") continue;
    const data = mime === "image/svg+xml" ? `utf8,${encodeURIComponent(value)}` : `base64,${value.replace(/\s/g, "")}`;
    return { kind: "picture", source: `data:${mime};${data}`, mime, alt };
  }
  return null;
}

function plotlyOf(bundle: Bundle): ShownOutput | null {
  const figure = bundle[PLOTLY];
  if (figure === undefined) return null;
  return { kind: "plotly", chart: readPlotly(figure), json: JSON.stringify(figure) };
}

function wordsOf(bundle: Bundle): ShownOutput | null {
  const { "text/html": html, "text/markdown": markdown, "application/json": json, "text/plain": text } = bundle;
  const latex = bundle["text/latex"];
  if (typeof html === "string") return { kind: "html", html };
  if (typeof markdown === "string") return { kind: "markdown", text: markdown };
  if (json !== undefined) return { kind: "json", text: JSON.stringify(json, null, 2) };
  // As its author wrote it: "<IPython.core.display.Latex object>" says nothing.
  if (typeof latex === "string" && (typeof text !== "string" || text.startsWith("<")))
    return { kind: "text", text: latex };
  return typeof text === "string" ? { kind: "text", text } : null;
}

function artifactOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || !("artifact" in value)) return null;
  return typeof value.artifact === "string" ? value.artifact : null;
}

/** The title of the chart, or the first one of several. */
function titleOf(chart: unknown): string | null {
  if (typeof chart !== "object" || chart === null) return null;
  const { title, charts } = chart as { title?: unknown; charts?: unknown };
  if (typeof title === "string") return `Figure: ${title}`;
  const first: unknown = Array.isArray(charts) ? charts[0] : null;
  const own = typeof first === "object" && first !== null && "title" in first ? first.title : null;
  return typeof own === "string" ? `Figure: ${own}` : null;
}

/** "<Figure size 640x480 with 1 Axes>" says little, but it is what there is. */
function altOf(text: unknown): string {
  const said = typeof text === "string" ? text.replace(/^<|>$/g, "").trim() : "";
  return said || "Figure";
}
