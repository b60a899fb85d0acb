/**
 * Figures of plotly, as their JSON, read into what `Chart` draws. Plotly's own library would be larger than the whole
 * page and would run what a program made in the page itself; lines, points, bars, histograms and pies are what most figures are
 * made of. Of others the JSON is there to be kept. It comes from a program, so nothing of its shape is taken for granted.
 */

export interface ChartPoint {
  readonly x: number | string;
  readonly y: number;
}

export interface ChartSeries {
  readonly kind: "line" | "points" | "bars";
  readonly name: string;
  readonly points: readonly ChartPoint[];
}

export interface ChartData {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly ChartSeries[];
}

const MOST_SERIES = 20;
const MOST_POINTS = 2000;
const BINS = 20;
/** Beyond it the distance of two numbers may be infinite. */
const GREATEST = 1e300;

/** Null where nothing of it can be drawn. */
export function readPlotly(value: unknown): ChartData | null {
  if (!isRecord(value) || !Array.isArray(value.data)) return null;
  const layout = isRecord(value.layout) ? value.layout : {};
  const series = value.data
    .slice(0, MOST_SERIES)
    .filter(isRecord)
    .flatMap((trace, at) => seriesOf(trace, at));
  if (series.length === 0) return null;
  return {
    title: titleOf(layout),
    xLabel: isRecord(layout.xaxis) ? titleOf(layout.xaxis) : "",
    yLabel: isRecord(layout.yaxis) ? titleOf(layout.yaxis) : "",
    series,
  };
}

function seriesOf(trace: Readonly<Record<string, unknown>>, at: number): readonly ChartSeries[] {
  const name = typeof trace.name === "string" && trace.name !== "" ? trace.name : `Series ${at + 1}`;
  const points = pointsOf(trace);
  if (points.length === 0) return [];
  switch (trace.type ?? "scatter") {
    case "scatter":
    case "scattergl": {
      const kind = typeof trace.mode === "string" && !trace.mode.includes("lines") ? "points" : "line";
      return [{ kind, name, points }];
    }
    case "bar":
    case "pie":
    case "histogram":
      return trace.orientation === "h" && trace.type === "bar" ? [] : [{ kind: "bars", name, points }];
    default:
      return [];
  }
}

function pointsOf(trace: Readonly<Record<string, unknown>>): readonly ChartPoint[] {
  if (trace.type === "histogram") return binned(listOf(trace.x).filter(isFiniteNumber));
  const [xs, ys] = trace.type === "pie" ? [trace.labels, trace.values] : [trace.x, trace.y];
  const places = listOf(xs);
  return listOf(ys)
    .slice(0, MOST_POINTS)
    .map((y, at) => ({ x: placeOf(places[at] ?? at), y: Number(y) }))
    .filter((point) => isFiniteNumber(point.y));
}

function placeOf(value: unknown): number | string {
  return isFiniteNumber(value) ? value : String(value).slice(0, 60);
}

function binned(values: readonly number[]): readonly ChartPoint[] {
  if (values.length === 0) return [];
  const low = values.reduce((one, other) => Math.min(one, other));
  const width = (values.reduce((one, other) => Math.max(one, other)) - low) / BINS || 1;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.map((y, at) => ({ x: low + (at + 0.5) * width, y }));
}

const READERS: Readonly<Record<string, [number, (view: DataView, at: number) => number]>> = {
  i1: [1, (view, at) => view.getInt8(at)],
  u1: [1, (view, at) => view.getUint8(at)],
  i2: [2, (view, at) => view.getInt16(at, true)],
  u2: [2, (view, at) => view.getUint16(at, true)],
  i4: [4, (view, at) => view.getInt32(at, true)],
  u4: [4, (view, at) => view.getUint32(at, true)],
  f4: [4, (view, at) => view.getFloat32(at, true)],
  f8: [8, (view, at) => view.getFloat64(at, true)],
};

/** A list as JSON has it, or as plotly packs arrays of numbers: `{dtype, bdata}`, little-endian in base64. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (!isRecord(value) || typeof value.bdata !== "string" || typeof value.dtype !== "string") return [];
  const reader = READERS[value.dtype];
  if (!reader) return [];
  const [size, read] = reader;
  try {
    const bytes = Uint8Array.from(atob(value.bdata), (char) => char.charCodeAt(0));
    const view = new DataView(bytes.buffer);
    return Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => read(view, at * size));
  } catch {
    return []; // no base64 after all
  }
}

function titleOf({ title }: Readonly<Record<string, unknown>>): string {
  const text = isRecord(title) ? title.text : title;
  return typeof text === "string" ? text.slice(0, 200) : "";
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) < GREATEST;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
