import type { ChartData, ChartSeries } from "@/lib/plotly";
import { axisOf, ticksOf } from "@/ui/chart-axes";

const WIDTH = 640;
const HEIGHT = 360;
const LEFT = 64;
const RIGHT = 16;
const TOP = 36;
const BOTTOM = 56;
const COLORS = ["#2f6fde", "#d6652a", "#2a9d62", "#9150c9", "#c3394f", "#0f8f9c", "#a1791b", "#6b7280"];

/** Lines, points and bars over one pair of axes. */
export function Chart({ chart }: { chart: ChartData }) {
  const x = axisOf(
    chart.series.flatMap((one) => one.points.map((point) => point.x)),
    [LEFT, WIDTH - RIGHT],
    chart.series.some((one) => one.kind === "bars"),
  );
  const y = axisOf(
    [
      ...chart.series.flatMap((one) => one.points.map((point) => point.y)),
      ...(chart.series.some((one) => one.kind === "bars") ? [0] : []),
    ],
    [HEIGHT - BOTTOM, TOP],
    false,
  );
  const bars = chart.series.filter((one) => one.kind === "bars");
  const place = (point: { x: number | string; y: number }) => ({ left: x.at(point.x), top: y.at(point.y) });

  function drawn(series: ChartSeries, color: string) {
    const spots = series.points.map(place);
    switch (series.kind) {
      case "line":
        return (
          <polyline
            points={spots.map(({ left, top }) => `${left},${top}`).join(" ")}
            fill="none"
            stroke={color}
            strokeWidth="2"
          />
        );
      case "points":
        // The order of a program's points is all that they are known by.
        return spots.map(({ left, top }, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: points have no other name, and are never reordered
          <circle key={at} cx={left} cy={top} r="4" fill={color} fillOpacity="0.75" />
        ));
      case "bars": {
        const width = (x.step * 0.8) / bars.length;
        const shift = (bars.indexOf(series) - (bars.length - 1) / 2) * width;
        const ground = y.at(0);
        return spots.map(({ left, top }, at) => (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: bars have no other name, and are never reordered
            key={at}
            x={left + shift - width / 2}
            y={Math.min(top, ground)}
            width={Math.max(1, width)}
            height={Math.abs(ground - top)}
            fill={color}
          />
        ));
      }
    }
  }

  return (
    <svg className="aci-chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={spoken(chart)}>
      <text className="aci-chart-title" x={WIDTH / 2} y="22" textAnchor="middle">
        {chart.title}
      </text>
      {ticksOf(y).map(({ at, label }) => (
        <g key={label}>
          <line className="aci-chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={at} y2={at} />
          <text x={LEFT - 8} y={at + 4} textAnchor="end">
            {label}
          </text>
        </g>
      ))}
      {ticksOf(x).map(({ at, label }) => (
        <text key={`${label} ${at}`} x={at} y={HEIGHT - BOTTOM + 18} textAnchor="middle">
          {label}
        </text>
      ))}
      <line className="aci-chart-axis" x1={LEFT} x2={WIDTH - RIGHT} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
      {chart.series.map((series, at) => {
        const color = COLORS[at % COLORS.length] ?? "gray";
        return <g key={`${series.name} ${series.kind} ${color}`}>{drawn(series, color)}</g>;
      })}
      {chart.series.length > 1 &&
        chart.series.slice(0, 6).map((series, at) => (
          <g
            key={`${series.name} ${series.kind} ${COLORS[at]}`}
            transform={`translate(${LEFT + at * 95} ${HEIGHT - 8})`}
          >
            <rect width="10" height="10" y="-9" fill={COLORS[at % COLORS.length]} />
            <text x="14">{series.name.slice(0, 12)}</text>
          </g>
        ))}
      <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - BOTTOM + 36} textAnchor="middle">
        {chart.xLabel}
      </text>
      <text transform={`translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)`} textAnchor="middle">
        {chart.yLabel}
      </text>
    </svg>
  );
}

/** What there is to see, for those who don't. */
function spoken({ title, xLabel, yLabel, series }: ChartData): string {
  const parts = series.map((one) => `${one.name}, ${one.kind}, ${one.points.length} values`);
  return [title || "Chart", xLabel && `x: ${xLabel}`, yLabel && `y: ${yLabel}`, ...parts].filter(Boolean).join("; ");
}
