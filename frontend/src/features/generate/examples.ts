/** Prompts to begin with, and the data that they speak of: the same as in the repository's examples. */
import diabetes from "#examples/diabetes.csv?url";
import iris from "#examples/iris.csv?url";
import prompts from "#examples/prompts.json";
import wine from "#examples/wine.csv?url";
import wineNotes from "#examples/wine_notes.txt?url";

export interface Example {
  readonly title: string;
  readonly prompt: string;
  readonly files: readonly string[];
}

const DATA: Readonly<Record<string, string>> = {
  "diabetes.csv": diabetes,
  "iris.csv": iris,
  "wine.csv": wine,
  "wine_notes.txt": wineNotes,
};

export const EXAMPLES: readonly Example[] = prompts.filter((one) => one.files.every((name) => name in DATA));

/** The data of an example, ready to be uploaded. */
export function exampleFiles(example: Example): Promise<File[]> {
  return Promise.all(
    example.files.map(async (name) => {
      const response = await fetch(DATA[name] ?? name);
      if (!response.ok) throw new Error(`The example's file ${name} could not be loaded.`);
      return new File([await response.blob()], name);
    }),
  );
}
