/** A Chromium from this machine, and the few things that scenarios do again and again. */
import { chromium } from "playwright-core";

/** @typedef {import("playwright-core").Page} Page */

export const ADDRESS = (process.env.ACI_URL ?? "http://127.0.0.1:8000").replace(/\/$/, "");

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Tabs of one site share a process, and no page lives long enough for its scripts to be worth optimizing.
      "--process-per-site",
      "--js-flags=--no-maglev --no-turbofan",
    ],
  });
}

/**
 * What a visitor has that was never here, and wants no motion: without a graphics card, each turn of a spinner is worked
 * out by the processor, sixty times in a second. @param {import("playwright-core").Browser} browser @param {string} at
 */
export async function newVisitor(browser, at) {
  const context = await browser.newContext({ baseURL: at, reducedMotion: "reduce" });
  await context.addInitScript(() => {
    const still = new CSSStyleSheet();
    still.replaceSync("*, ::before, ::after { animation: none !important }");
    document.adoptedStyleSheets.push(still);
  });
  return context;
}

/** @param {Page} page @param {"Generator" | "Editor" | "Results"} name */
export async function openTab(page, name) {
  await page.getByRole("tab", { name: new RegExp(name) }).click();
}

/** Where code is typed; it has no size of its own, so it is never "visible". @param {Page} page */
export async function theEditor(page) {
  const text = page.getByRole("textbox", { name: /Python code/ });
  await text.waitFor({ state: "attached" });
  return text;
}

/** Puts a program into the editor, as a paste would. @param {Page} page @param {string} code */
export async function writeCode(page, code) {
  await openTab(page, "Editor");
  const text = await theEditor(page);
  await text.focus();
  await page.keyboard.press("Control+A");
  await text.evaluate((element, pasted) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", pasted);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, code);
}

/** Runs a program by the keyboard, and is then at its results. @param {Page} page @param {string} code */
export async function runCode(page, code) {
  await writeCode(page, code);
  await page.keyboard.press("Control+Enter");
  await page.getByText("The program of this run").waitFor();
}

/** @param {Page} page */
export async function runHasEnded(page) {
  await page.getByRole("button", { name: "Run again" }).first().waitFor({ timeout: 90_000 });
}

/** @param {Page} page */
export async function answerHasEnded(page) {
  await page.getByRole("button", { name: "Try again" }).last().waitFor({ timeout: 90_000 });
}
