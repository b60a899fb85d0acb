/**
 * Measures what a first visit loads, and fails above the budget. The editor is not part of it: it is loaded when its
 * tab is first opened.
 */
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const BUDGET_KB = 350;
const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(await readFile(new URL(".vite/manifest.json", dist), "utf8"));

/** @param {string} name @param {Set<string>} seen @returns {Set<string>} */
function withImports(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const other of manifest[name].imports ?? []) withImports(other, seen);
  return seen;
}

/** @param {Iterable<string>} files */
async function gzipped(files) {
  let bytes = 0;
  for (const file of files) bytes += gzipSync(await readFile(new URL(file, dist)), { level: 9 }).length;
  return bytes / 1000;
}

const first = [...withImports("index.html")];
const scripts = new Set(first.map((name) => manifest[name].file));
const styles = new Set(first.flatMap((name) => manifest[name].css ?? []));
const script = await gzipped(scripts);
console.log(`first load: ${script.toFixed(0)} kB of script, ${(await gzipped(styles)).toFixed(0)} kB of style (gzip)`);

const lazy = Object.values(manifest).filter((one) => one.isDynamicEntry && !scripts.has(one.file));
for (const one of lazy) {
  const own = [...withImports(one.src)].map((name) => manifest[name].file).filter((file) => !scripts.has(file));
  console.log(`later: ${one.src}: ${(await gzipped(new Set(own))).toFixed(0)} kB`);
}
if (script > BUDGET_KB) {
  console.error(`The budget is ${BUDGET_KB} kB.`);
  process.exit(1);
}
