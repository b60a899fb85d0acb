/** Photographs the page of a running service (ACI_URL) for the documentation, with content that it made itself. */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ADDRESS, launch, openTab, runCode, runHasEnded, theEditor } from "./browser.mjs";
import { shootGallery } from "./gallery.mjs";

const PLACE = fileURLToPath(new URL("../../docs/screenshots/", import.meta.url));
const DESK = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

/** Time for the last fonts, fades and figures. */
const SETTLE_MS = 1200;

const BROKEN = `# Strong wines
import pandas as pd

wine = pd.read_csv("wine.csv")
strong = wine[wine["alcohol"] > 14]
print(f"\\033[1m{len(strong)}\\033[0m strong wines, by class:")
for name, group in strong.groupby("class"):
    print(f"  \\033[32m{name}\\033[0m", len(group))
weak = wine[wine["alcohol"] < 9]
share = len(strong) / len(weak)
`;

/** @param {import("playwright-core").Page} page @param {string} name */
async function shoot(page, name) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
  });
  await page.waitForTimeout(SETTLE_MS);
  await page.screenshot({ path: `${PLACE}${name}.png`, animations: "disabled" });
}

await mkdir(PLACE, { recursive: true });
const BEGUN = Date.now();
const browser = await launch();

/** @param {import("playwright-core").BrowserContextOptions} options */
async function open(options) {
  const page = await (await browser.newContext({ baseURL: ADDRESS, ...options })).newPage();
  // Whatever else the service holds is nobody's business here.
  await page.route("**/v1/sessions?*", async (route) => {
    const answer = await route.fetch();
    const { items } = await answer.json();
    const own = items.filter((/** @type {{ created_at: string }} */ one) => Date.parse(one.created_at) >= BEGUN);
    return route.fulfill({ response: answer, json: { items: own, next_cursor: null } });
  });
  return page;
}

const page = await open({ viewport: DESK, colorScheme: "light" });
for (const words of [/random walks/, /savings grow/, /correlations/]) {
  await page.goto("/");
  await page.getByRole("menuitem", { name: words }).click();
  await page.getByRole("button", { name: "Run", exact: true }).waitFor();
}
await page.goto("/");
await page.getByRole("menuitem").first().waitFor();
await shoot(page, "new-light");
await page.getByRole("menuitem", { name: /average alcohol by class/ }).click();
await page.getByRole("button", { name: "Run", exact: true }).waitFor();
await page.evaluate(() => window.scrollTo(0, 0));
await shoot(page, "generator-light");
await page.getByRole("button", { name: "Run", exact: true }).click();
await runHasEnded(page);
await page
  .getByRole("img", { name: /Figure/ })
  .first()
  .waitFor();
await shoot(page, "results-light");
await openTab(page, "Editor");
await theEditor(page);
await shoot(page, "editor-light");
const results = page.url().replace("tab=editor", "tab=results");

const dark = await open({ viewport: DESK, colorScheme: "dark" });
await dark.goto(results);
await dark
  .getByRole("img", { name: /Figure/ })
  .first()
  .waitFor();
await shoot(dark, "results-dark");
await openTab(dark, "Generator");
await dark.getByRole("button", { name: "Run", exact: true }).waitFor();
await dark.evaluate(() => window.scrollTo(0, 0));
await shoot(dark, "generator-dark");
await runCode(dark, BROKEN);
await runHasEnded(dark);
await shoot(dark, "error-dark");
await dark.getByRole("button", { name: "Show the line" }).click();
await dark.locator(".squiggly-error").first().waitFor();
await shoot(dark, "editor-dark");

const phone = await open({ viewport: PHONE, colorScheme: "light", isMobile: true, hasTouch: true });
await phone.goto(results);
await phone.getByRole("button", { name: "Fix with AI" }).waitFor();
await shoot(phone, "error-phone");
await openTab(phone, "Generator");
await phone.getByRole("button", { name: "Run", exact: true }).waitFor();
await phone.evaluate(() => window.scrollTo(0, 0));
await shoot(phone, "generator-phone");

const plain = await open({ viewport: { width: 900, height: 900 }, colorScheme: "light" });
await plain.goto(results);
await plain.getByRole("button", { name: "Fix with AI" }).waitFor();
await shootGallery(plain, PLACE, SETTLE_MS);

await browser.close();
