/** Data frames as programs send them (`application/vnd.dataresource+json`, Frictionless' Tabular Data Resource). */

export interface TabularColumn {
  readonly name: string;
  readonly numeric: boolean;
  readonly isIndex: boolean;
}

export type TabularRow = readonly unknown[];

export interface TabularData {
  readonly columns: readonly TabularColumn[];
  readonly rows: readonly TabularRow[];
  /** Rows that the frame has; more than were sent, if it is long. */
  readonly total: number;
}

const NUMERIC: ReadonlySet<unknown> = new Set(["integer", "number"]);

/** Null for what is no table after all. It comes from a program, so nothing of its shape is taken for granted. */
export function readTabular(value: unknown): TabularData | null {
  if (!isRecord(value) || !Array.isArray(value.data) || !isRecord(value.schema)) return null;
  const { fields, primaryKey } = value.schema;
  if (!Array.isArray(fields)) return null;
  const index = new Set(Array.isArray(primaryKey) ? primaryKey.map(String) : []);
  const columns = fields.filter(isRecord).map((field) => ({
    name: String(field.name ?? ""),
    numeric: NUMERIC.has(field.type),
    isIndex: index.has(String(field.name)),
  }));
  const rows = value.data.filter(isRecord).map((row) => columns.map(({ name }) => row[name]));
  return { columns, rows, total: typeof value.rows === "number" ? value.rows : rows.length };
}

export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return numberText(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Numbers by size, everything else by the alphabet, nothing at the end. */
export function compareCells(one: unknown, other: unknown): number {
  if (typeof one === "number" && typeof other === "number") return one - other;
  const missing = Number(one == null) - Number(other == null);
  return missing || cellText(one).localeCompare(cellText(other), undefined, { numeric: true });
}

function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(7)));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
