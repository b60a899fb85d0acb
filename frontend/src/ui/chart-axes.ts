/** An axis from the values on it: numbers on a scale with a little room, everything else side by side. */
export interface Axis {
  /** Where a value stands, in the picture's units. */
  readonly at: (value: number | string) => number;
  /** How far apart neighbours stand. */
  readonly step: number;
  readonly names: readonly string[] | null;
  readonly range: readonly [number, number];
}

const MOST_LABELS = 8;

export function axisOf(
  values: readonly (number | string)[],
  [from, to]: readonly [number, number],
  apart: boolean,
): Axis {
  const numbers = values.filter((value) => typeof value === "number");
  if (numbers.length < values.length) {
    const names = [...new Set(values.map(String))];
    const step = (to - from) / Math.max(1, names.length);
    return { at: (value) => from + (names.indexOf(String(value)) + 0.5) * step, step, names, range: [0, names.length] };
  }
  const places = [...new Set(numbers)].sort((one, other) => one - other);
  const low = places[0] ?? 0;
  const high = places.at(-1) ?? 1;
  const count = Math.max(1, places.length - 1);
  const room = apart ? (high - low || 1) / count / 2 : (high - low || 1) * 0.05;
  const [first, last] = [low - (low === 0 && !apart ? 0 : room), high + room];
  const scale = (to - from) / (last - first);
  return {
    at: (value) => from + (Number(value) - first) * scale,
    step: Math.abs(((high - low || 1) / count) * scale),
    names: null,
    range: [first, last],
  };
}

export function ticksOf(axis: Axis): readonly { at: number; label: string }[] {
  if (axis.names) {
    const every = Math.ceil(axis.names.length / MOST_LABELS);
    return axis.names
      .filter((_, at) => at % every === 0)
      .map((name) => ({ at: axis.at(name), label: shortened(name) }));
  }
  const [low, high] = axis.range;
  const step = roundStep((high - low) / 5);
  const first = Math.ceil(low / step);
  const count = Math.max(0, Math.floor(high / step) - first + 1);
  return Array.from({ length: Math.min(count, 12) }, (_, at) => {
    const value = Number(((first + at) * step).toPrecision(12));
    return {
      at: axis.at(value),
      label: value.toLocaleString("en", { maximumSignificantDigits: 6, useGrouping: false }),
    };
  });
}

/** The next of 1, 2 and 5 times a power of ten. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const lead = rough / power;
  return (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10) * power;
}

function shortened(name: string): string {
  return name.length > 10 ? `${name.slice(0, 9)}…` : name;
}
