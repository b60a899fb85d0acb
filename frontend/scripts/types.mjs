/**
 * Writes the types of the API from its OpenAPI document, or, with --check, fails when the written ones no longer fit.
 */
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const source = new URL("../../docs/openapi.json", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const banner = "/** Generated from docs/openapi.json by `npm run types`. Not to be edited. */\n\n";
const wanted = banner + astToString(await openapiTS(source, { alphabetize: true }));

if (process.argv.includes("--check")) {
  const present = await readFile(target, "utf8").catch(() => "");
  if (present !== wanted) {
    console.error("src/api/schema.d.ts does not fit docs/openapi.json. Run: npm run types");
    process.exit(1);
  }
} else {
  await writeFile(target, wanted);
}
