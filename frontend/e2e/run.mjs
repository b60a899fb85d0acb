/**
 * Drives the page of a running service, as its users do. ACI_URL says where it is, and CHROMIUM which browser to use;
 * ACI_ASKING_URL may say where one is that asks who is there, and ACI_KEY is a key to that. Words on the command line
 * choose scenarios by name.
 */
import { ADDRESS, launch, newVisitor } from "./browser.mjs";
import { SCENARIOS } from "./scenarios.mjs";
import { SIGNED_IN } from "./signed-in.mjs";

const WHILE_MS = 180_000;
const ASKING = process.env.ACI_ASKING_URL;
/** @type {readonly (readonly [string, readonly import("./scenarios.mjs").Scenario[]])[]} */
const SERVICES = [[ADDRESS, SCENARIOS], ...(ASKING ? [/** @type {const} */ ([ASKING, SIGNED_IN])] : [])];
const wanted = process.argv.slice(2).map((word) => word.toLowerCase());

/** Watches a page for what no scenario may cause. @param {import("playwright-core").Page} page @param {string} at */
function watch(page, at) {
  /** @type {string[]} */
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error in the page: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy/i.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    const address = new URL(request.url());
    if (address.protocol.startsWith("http") && address.host !== new URL(at).host)
      complaints.push(`asked ${address.host}`);
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

/**
 * A tab at a new session. It is the last scenario's own, if that went well: a fresh one would have to compile the page's
 * scripts again, which takes a second. Where a visit is wanted, the tab is emptied and comes as one who was never here;
 * else it goes on in the page as it stands.
 * @param {string} at @param {import("playwright-core").Page | undefined} used @param {boolean} visit
 */
async function tabFor(at, used, visit) {
  const page = used ?? (await (await newVisitor(browser, at)).newPage());
  page.removeAllListeners();
  page.setDefaultTimeout(30_000);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  if (visit) await empty(page, at);
  else if (used) await page.getByRole("button", { name: "New session" }).click();
  else await page.goto("/");
  return page;
}

/** @param {import("playwright-core").Page} page @param {string} at */
async function empty(page, at) {
  await page.goto("about:blank");
  const devtools = await page.context().newCDPSession(page);
  const everything = { origin: at, storageTypes: "cookies,local_storage,indexeddb,service_workers" };
  await devtools.send("Storage.clearDataForOrigin", everything);
  await devtools.detach();
}

/** What the page says at the moment, for who has to find out why. @param {import("playwright-core").Page} page */
async function shown(page) {
  const text = await page.locator("body").innerText({ timeout: 5_000 }).catch(String);
  return `The page ${page.url()} says:\n${text.slice(0, 4_000)}\n`;
}

const browser = await launch();
let passed = 0;
let failed = 0;

/** @param {string} at @param {readonly import("./scenarios.mjs").Scenario[]} scenarios */
async function drive(at, scenarios) {
  /** @type {import("playwright-core").Page | undefined} */
  let used;
  for (const { name, viewport, visit = false, run } of scenarios) {
    if (wanted.length > 0 && !wanted.some((word) => name.toLowerCase().includes(word))) continue;
    const page = await tabFor(at, used, visit);
    used = undefined;
    await page.setViewportSize(viewport ?? { width: 1360, height: 860 });
    const complaints = watch(page, at);
    const begun = Date.now();
    try {
      await inTime(run(page));
      if (complaints.length > 0) throw new Error([...new Set(complaints)].join("\n"));
      passed += 1;
      used = page;
      console.log(`ok    ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}\n${error instanceof Error ? error.message : error}\n${await shown(page)}`);
    }
    if (used === undefined) await page.context().close();
  }
  await used?.context().close();
}

for (const [at, scenarios] of SERVICES) await drive(at, scenarios);
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
