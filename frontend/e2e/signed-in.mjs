/** What users do where the service asks who is there (ACI_KEY is a key of it). */
import assert from "node:assert/strict";
import { runCode, runHasEnded } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

const KEY = process.env.ACI_KEY ?? "";

/** @param {Page} page @param {string} key */
async function signIn(page, key) {
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.locator("input[type=password]").fill(key);
  await page.keyboard.press("Enter");
}

/** @type {readonly import("./scenarios.mjs").Scenario[]} */
export const SIGNED_IN = [
  {
    name: "from the key to a run, through a refresh, and out again",
    visit: true,
    async run(page) {
      await page.goto("/");
      await signIn(page, `${KEY.slice(0, -1)}x`);
      await page.getByText("This key is not known").waitFor();
      await signIn(page, KEY);
      await page.getByRole("heading", { level: 1, name: "New session" }).waitFor();
      const kept = await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage }));
      assert.ok(!kept.includes("acs_") && !kept.includes(KEY), "scripts can read the key or the cookie");
      await page
        .getByLabel("Choose files")
        .setInputFiles({ name: "words.txt", mimeType: "text/plain", buffer: Buffer.from("one two") });
      await page.getByRole("link", { name: "Download words.txt" }).waitFor();
      await runCode(page, 'print(len(open("words.txt").read().split()), "words")\n');
      await runHasEnded(page);
      await page.getByText("2 words").first().waitFor();
      const download = page.waitForEvent("download");
      await page.getByRole("tab", { name: /Generator/ }).click();
      await page.getByRole("link", { name: "Download words.txt" }).click();
      assert.equal((await download).suggestedFilename(), "words.txt");

      await page.reload();
      await page.getByText("words.txt").first().waitFor();
      const before = (await page.context().cookies()).find(({ name }) => name.endsWith("aci_session"));
      assert.ok(before?.httpOnly && before.sameSite === "Strict");
      await page.getByRole("button", { name: "Account" }).click();
      await page.getByRole("menuitem", { name: "Sign out" }).click();
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      assert.equal(new URL(page.url()).search, "");
      const answer = await page.request.get("/v1/me", { headers: { Cookie: `${before.name}=${before.value}` } });
      assert.equal(answer.status(), 401, "the cookie is good after the sign-out");
    },
  },
  {
    name: "two tabs, and another sign-in in one of them",
    visit: true,
    async run(page) {
      await page.goto("/");
      await signIn(page, KEY);
      await page.getByRole("heading", { level: 1, name: "New session" }).waitFor();
      const other = await page.context().newPage();
      await other.goto("/");
      await other.getByRole("button", { name: "Account" }).click();
      await other.getByRole("menuitem", { name: "Sign out" }).click();
      await signIn(other, KEY);
      await other.getByRole("heading", { level: 1, name: "New session" }).waitFor();
      await page
        .getByLabel("Choose files")
        .setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
      await page.getByText("The sign-in has changed").waitFor();
      await page.getByRole("button", { name: "Dismiss" }).click();
      await page.getByText("The sign-in has changed").waitFor({ state: "hidden" });
      await page
        .getByLabel("Choose files")
        .setInputFiles({ name: "a.txt", mimeType: "text/plain", buffer: Buffer.from("a") });
      await page.getByRole("link", { name: "Download a.txt" }).waitFor();
      await other.close();
    },
  },
];
