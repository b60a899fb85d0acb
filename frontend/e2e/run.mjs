/**
 * Drives the page of a running service, as its users do. ACI_URL says where it is, CHROMIUM which browser to use; words
 * on the command line choose scenarios by name.
 */
import { ADDRESS, launch } from "./browser.mjs";
import { SCENARIOS } from "./scenarios.mjs";

const WHILE_MS = 180_000;
const OWN_HOST = new URL(ADDRESS).host;
const wanted = process.argv.slice(2).map((word) => word.toLowerCase());

/** Watches a page for what no scenario may cause. @param {import("playwright-core").Page} page */
function watch(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    const address = new URL(request.url());
    if (address.protocol.startsWith("http") && address.host !== OWN_HOST) complaints.push(`asked ${address.host}`);
  });
  return complaints;
}

/** @param {Promise<void>} work */
function inTime(work) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took longer than ${WHILE_MS / 1000} s`)), WHILE_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const browser = await launch();
let passed = 0;
let failed = 0;
for (const { name, viewport, run } of SCENARIOS) {
  if (wanted.length > 0 && !wanted.some((word) => name.toLowerCase().includes(word))) continue;
  const context = await browser.newContext({ viewport: viewport ?? { width: 1360, height: 860 }, baseURL: ADDRESS });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints = watch(page);
  const begun = Date.now();
  try {
    await inTime(run(page));
    if (complaints.length > 0) throw new Error([...new Set(complaints)].join("\n"));
    passed += 1;
    console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.message : error}`);
  }
  await context.close();
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
