/** From the JSON schema of an agent's input to fields of a form, and from what is in them to an input. */

export interface Field {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly needed: boolean;
  /** What is of no simple kind is written as JSON. */
  readonly kind: "text" | "number" | "toggle" | "choice" | "json";
  readonly choices: readonly string[];
  /** The value that it has when nothing is said, as text. */
  readonly initial: string;
}

export type Values = Readonly<Record<string, string | boolean>>;

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export function fieldsOf(schema: object): Field[] {
  const { properties = {}, required = [] } = schema as Schema;
  return Object.entries(properties).map(([name, property]) => {
    const said = shapeOf(property);
    return {
      name,
      title: property.title ?? name,
      description: property.description ?? "",
      needed: required.includes(name),
      kind: kindOf(said),
      choices: (said.enum ?? []).filter((choice) => typeof choice === "string"),
      initial: property.default == null ? "" : asText(property.default),
    };
  });
}

/** Of a shape that may also be null, the shape. */
function shapeOf(property: Schema): Schema {
  const others = property.anyOf?.filter((one) => one.type !== "null") ?? [];
  return others.length === 1 && others[0] ? others[0] : property;
}

function kindOf({ type, enum: choices }: Schema): Field["kind"] {
  if (choices?.every((choice) => typeof choice === "string")) return "choice";
  if (type === "string") return "text";
  if (type === "integer" || type === "number") return "number";
  return type === "boolean" ? "toggle" : "json";
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The input, or null where a field is `wrong`. What was left empty is left out: the service knows its default. */
export function inputOf(
  fields: readonly Field[],
  values: Values,
): { input: Record<string, unknown> | null; wrong: Readonly<Record<string, string>> } {
  const input: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  for (const field of fields) {
    const said = readValue(field, values[field.name] ?? "");
    if ("wrong" in said) wrong[field.name] = said.wrong;
    else if (said.value !== undefined) input[field.name] = said.value;
  }
  return { input: Object.keys(wrong).length > 0 ? null : input, wrong };
}

/** What is in a field, as its kind has it; undefined where nothing is. */
function readValue(field: Field, said: string | boolean): { value: unknown } | { wrong: string } {
  if (typeof said === "boolean") return { value: said };
  if (said.trim() === "") return nothingIn(field);
  if (field.kind === "number") {
    const value = Number(said);
    return Number.isFinite(value) ? { value } : { wrong: "This has to be a number." };
  }
  if (field.kind !== "json") return { value: said };
  try {
    return { value: JSON.parse(said) };
  } catch {
    return { wrong: "This is not JSON." };
  }
}

function nothingIn(field: Field): { value: unknown } | { wrong: string } {
  if (!field.needed) return { value: undefined };
  return field.kind === "toggle" ? { value: false } : { wrong: "This is needed." };
}
