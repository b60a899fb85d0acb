/** What users do, each in a session of its own. Elements are found by the roles and names that assistive tools see. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { answerHasEnded, openTab, runCode, runHasEnded, theEditor, writeCode } from "./browser.mjs";

/** @typedef {import("playwright-core").Page} Page */

/**
 * It begins at a new session, in the page as the scenario before it left that; or, where it is a visit, in an empty tab.
 * @typedef {{ name: string, viewport?: { width: number, height: number }, visit?: boolean, run: (page: Page) => Promise<void> }} Scenario
 */

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * Fails with what axe finds on the page as it is; where the same was looked at before, only the contrast may be new, or
 * all but the contrast. @param {Page} page @param {string} where @param {"all" | "contrast" | "the rest"} what
 */
async function axeIsContent(page, where, what = "all") {
  // As a file of the page's own would: its policy allows no other script, and evaluating is not loading.
  if (await page.evaluate(() => !("axe" in globalThis))) await page.evaluate(AXE);
  const options = {
    resultTypes: ["violations"],
    // It would fetch all styles anew, for a rule that is an experiment and not asked.
    preload: false,
    ...(what === "contrast" && { runOnly: ["color-contrast"] }),
    ...(what === "the rest" && { rules: { "color-contrast": { enabled: false } } }),
  };
  const found = await page.evaluate(async (options) => {
    // @ts-expect-error axe is on the page now
    const { violations } = await globalThis.axe.run(
      // The layout's own toolbar for phones says aria-orientation where it is not allowed; that is not for us to mend.
      { include: document, exclude: ["nav[aria-orientation]"] },
      options,
    );
    return violations.map(
      (/** @type {{ id: string, nodes: { html: string, failureSummary: string }[] }} */ one) =>
        `${one.id}: ${one.nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(" | ")}`,
    );
  }, options);
  assert.deepEqual(found, [], `axe, ${where}`);
}

/** @param {Page} page */
const printed = (page) => page.getByRole("region", { name: "Printed text" });

const COUNTING = `import time
for number in range(1, 11):
    print("number", number, flush=True)
    time.sleep(0.4)
`;

/** @param {Page} page */
async function hasCountedToTheEnd(page) {
  await runHasEnded(page);
  const text = (await printed(page).textContent()) ?? "";
  const numbers = [...text.matchAll(/number (\d+)/g)].map((match) => Number(match[1]));
  assert.deepEqual(
    numbers,
    Array.from({ length: 10 }, (_, at) => at + 1),
  );
}

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  {
    name: "from an example to its figure",
    visit: true,
    async run(page) {
      await page.goto("/");
      await axeIsContent(page, "a new session");
      await page.getByRole("menuitem", { name: /average alcohol by class/ }).click();
      await page.getByRole("button", { name: "Run", exact: true }).waitFor();
      await page.getByRole("link", { name: "Download wine.csv" }).waitFor();
      await axeIsContent(page, "an answer");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await runHasEnded(page);
      const figure = page.getByRole("img", { name: /Figure/ }).first();
      await figure.scrollIntoViewIfNeeded();
      await page.waitForFunction(() =>
        Array.from(document.images).every((one) => one.complete && one.naturalWidth > 0),
      );
      await page.getByRole("table").first().waitFor();
      await axeIsContent(page, "results");
      await page.getByRole("button", { name: "Open in editor" }).click();
      await theEditor(page);
      await axeIsContent(page, "the editor");
    },
  },
  {
    name: "a task is solved in steps, and its program opened",
    async run(page) {
      await page.getByRole("button", { name: "Solve a task" }).click();
      await page
        .getByRole("textbox", { name: "What is to be found out or done" })
        .fill("Find all prime numbers up to 100");
      await page.getByRole("button", { name: "Send" }).click();
      await page.getByText("Step 1").waitFor();
      await page.getByRole("button", { name: "Open in editor" }).waitFor();
      await page.reload();
      await page.getByRole("button", { name: "Open in editor" }).waitFor();
      await printed(page).getByText("97").first().waitFor();
      await axeIsContent(page, "a solved task");
      await page.getByRole("button", { name: "Open in editor" }).click();
      await theEditor(page);
    },
  },
  {
    name: "an agent of a package is started from a form made of its schema",
    async run(page) {
      await page
        .getByLabel("Upload files")
        .or(page.locator("input[type=file]"))
        .first()
        .setInputFiles({
          name: "cities.csv",
          mimeType: "text/csv",
          buffer: Buffer.from("city,people\nParis,2100000\nRome,\n"),
        });
      await page.getByRole("link", { name: "Download cities.csv" }).waitFor();
      await page.getByRole("button", { name: "CSV profile" }).click();
      await page.getByRole("textbox", { name: "Path" }).fill("cities.csv");
      await axeIsContent(page, "the form of an agent");
      await page.getByRole("button", { name: "Start" }).click();
      await page.getByText("values are missing in people").waitFor();
      await page.getByRole("table").first().waitFor();
      await page.getByRole("button", { name: "The result" }).click();
      await page.getByText('"rows": 2').waitFor();
      await axeIsContent(page, "the answer of an agent");
    },
  },
  {
    name: "a prompt of one's own, by the keyboard alone",
    visit: true,
    async run(page) {
      await page.goto("/");
      const prompt = page.getByRole("textbox", { name: "What the program should do" });
      await prompt.waitFor();
      await page.keyboard.type("Find all prime numbers up to 1000");
      await page.keyboard.press("Enter");
      await answerHasEnded(page);
      assert.equal(await prompt.inputValue(), "");
      await page
        .getByRole("region", { name: /Code generator/ })
        .or(page.getByRole("group", { name: /Code generator/ }))
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Run", exact: true }).focus();
      await page.keyboard.press("Enter");
      await runHasEnded(page);
      assert.match((await page.locator("main").textContent()) ?? "", /997|168/);
    },
  },
  {
    name: "a refresh in mid-stream loses nothing and goes on",
    async run(page) {
      await runCode(page, COUNTING);
      await printed(page).getByText("number 3", { exact: true }).waitFor();
      await page.reload();
      await printed(page).getByText("number 1", { exact: true }).waitFor();
      await page.getByRole("button", { name: "Stop" }).first().waitFor();
      await hasCountedToTheEnd(page);
      await page.reload();
      await hasCountedToTheEnd(page);
    },
  },
  {
    name: "a refresh while a program is written loses nothing of it",
    async run(page) {
      const accepted = page.waitForResponse(
        (answer) => answer.request().method() === "POST" && new URL(answer.url()).pathname === "/v1/jobs",
      );
      await page.getByRole("textbox", { name: "What the program should do" }).fill("Simulate a few random walks");
      await page.keyboard.press("Enter");
      await accepted; // from now on it is written, however fast
      await page.reload();
      await answerHasEnded(page);
      const { items } = await (await page.request.get("/v1/jobs?agent=generate&limit=1")).json();
      const written = items[0].result.code.trim().split("\n");
      const shown = (await page.locator("main").textContent()) ?? "";
      for (const line of written) assert.ok(shown.includes(line.trim()), `not shown: ${line}`);
    },
  },
  {
    name: "where no WebSocket gets through, events come as a stream",
    visit: true,
    async run(page) {
      const dropping = await page.addInitScript(() => {
        // @ts-expect-error as a network that drops what it does not know
        globalThis.WebSocket = class extends EventTarget {
          constructor() {
            super();
            setTimeout(() => /** @type {any} */ (this).onclose?.({ code: 1006 }), 10);
          }
          close() {}
        };
      });
      const streamed = page.waitForRequest(/\/v1\/sessions\/[^/]+\/events\?after=now$/);
      await page.goto("/");
      await runCode(page, COUNTING);
      await streamed;
      await hasCountedToTheEnd(page);
      await dropping.dispose();
    },
  },
  {
    name: "a broken connection is said, and mended by itself",
    visit: true,
    async run(page) {
      await page.goto("/");
      let sockets = 0;
      await page.routeWebSocket("**/v1/ws", (ours) => {
        sockets += 1;
        const service = ours.connectToServer();
        if (sockets > 1) return;
        // A connection that brings a little and breaks off.
        service.onMessage((message) => {
          if (String(message).includes("number 3")) ours.close({ code: 1011 });
          else ours.send(message);
        });
      });
      const counting = runCode(page, COUNTING);
      await page.getByText("Reconnecting").waitFor();
      await counting;
      await hasCountedToTheEnd(page);
      await page.getByText("Reconnecting").waitFor({ state: "hidden" });
      assert.ok(sockets > 1);
    },
  },
  {
    name: "seven tabs at once show the same, and each can still do something",
    async run(page) {
      await runCode(page, COUNTING);
      await printed(page).getByText("number 1", { exact: true }).waitFor();
      // With the first, one more than a browser has connections to one host.
      const tabs = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const tab = await page.context().newPage();
          tab.setDefaultTimeout(60_000);
          await tab.goto(page.url());
          await openTab(tab, "Results");
          return tab;
        }),
      );
      for (const tab of [page, ...tabs]) await hasCountedToTheEnd(tab);
      // What one of them begins, all of them show; and none of them waits for a connection.
      const [first, second] = tabs;
      assert.ok(first && second);
      await first.getByRole("button", { name: "Run again" }).first().click();
      await first.getByRole("button", { name: "Stop" }).first().waitFor();
      await second.getByRole("button", { name: "Stop" }).first().click();
      for (const tab of [page, ...tabs]) {
        await tab.getByText("Stopped", { exact: true }).first().waitFor();
        await runHasEnded(tab);
      }
      await Promise.all(tabs.map((tab) => tab.close()));
    },
  },
  {
    name: "an error is marked on its line, and the AI is asked to mend it",
    async run(page) {
      await runCode(page, 'print("before")\nvalues = [1, 2]\nprint(values[5])\n');
      await page.getByText("The program raised IndexError (line 3)").waitFor();
      assert.match(
        (await page.getByRole("region", { name: "Traceback" }).textContent()) ?? "",
        /list index out of range/,
      );
      assert.match((await printed(page).textContent()) ?? "", /before/);
      await axeIsContent(page, "an error");
      await page.getByRole("button", { name: "Show the line" }).click();
      await page.getByText("It was raised in line 3, which is marked.").waitFor();
      await page.locator(".monaco-editor .squiggly-error").first().waitFor();
      await openTab(page, "Results");
      await page.getByRole("button", { name: "Fix with AI" }).click();
      await page.getByText("Fix this error: IndexError: list index out of range").waitFor();
      await answerHasEnded(page);
    },
  },
  {
    name: "a run is stopped",
    async run(page) {
      await runCode(page, 'import time\nprint("on it", flush=True)\ntime.sleep(50)\nprint("never")\n');
      await printed(page).getByText("on it").waitFor();
      await page.getByText(/ s left$/).waitFor();
      await page.getByRole("button", { name: "Stop" }).first().click();
      await runHasEnded(page);
      await page.getByText("Stopped", { exact: true }).first().waitFor();
      assert.doesNotMatch((await printed(page).textContent()) ?? "", /never/);
    },
  },
  {
    name: "a prompt is stopped before the service has answered",
    async run(page) {
      let letThrough = () => {};
      const stopped = new Promise((resolve) => {
        letThrough = () => resolve(null);
      });
      let isUnderWay = () => {};
      const underWay = new Promise((resolve) => {
        isUnderWay = () => resolve(null);
      });
      await page.route("**/v1/jobs", async (route) => {
        if (route.request().method() === "POST") {
          isUnderWay();
          await stopped;
        }
        return route.continue();
      });
      const cancelled = page.waitForRequest(/\/v1\/jobs\/[^/]+\/cancel$/);
      await page.getByRole("textbox", { name: "What the program should do" }).fill("Simulate a few random walks");
      await page.keyboard.press("Enter");
      await underWay;
      await page.getByRole("button", { name: "Stop", exact: true }).click();
      letThrough();
      await cancelled;
      await page.getByRole("button", { name: "Send" }).waitFor();
    },
  },
  {
    name: "an uploaded file is there for the code, and what it writes can be fetched",
    async run(page) {
      await page
        .getByLabel("Choose files")
        .setInputFiles({ name: "my words.txt", mimeType: "text/plain", buffer: Buffer.from("one two") });
      await page.getByRole("link", { name: "Download my words.txt" }).waitFor();
      await runCode(
        page,
        'words = open("my words.txt").read().split()\nopen("count.txt", "w").write(str(len(words)))\n',
      );
      await runHasEnded(page);
      const download = page.waitForEvent("download");
      await page.getByRole("link", { name: "Download count.txt" }).click();
      const stream = await (await download).createReadStream();
      let text = "";
      for await (const piece of stream) text += piece;
      assert.equal(text, "2");
    },
  },
  {
    name: "a program that asks gets its answers",
    async run(page) {
      await writeCode(page, 'who = input("Who? ")\nprint("Hello", who)\n');
      await page.getByRole("textbox", { name: "Answers to input()" }).fill("Ada");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await runHasEnded(page);
      assert.match((await printed(page).first().textContent()) ?? "", /Hello Ada/);
    },
  },
  {
    name: "a program asks while it runs, and any tab may answer, once",
    async run(page) {
      const code = [
        "import getpass",
        'print("Welcome.")',
        'who = input("Who are you? ")',
        'word = getpass.getpass("And the word? ")',
        'print(f"Hello {who}, a word of {len(word)}.")',
      ];
      await runCode(page, `${code.join("\n")}\n`);
      const line = page.getByRole("textbox", { name: "Who are you?" });
      await line.waitFor();
      await page.getByText("Waits for your answer").waitFor();
      await axeIsContent(page, "a question");
      await page.reload();
      await line.waitFor();
      const other = await page.context().newPage();
      await other.goto(page.url());
      await other.getByRole("tab", { name: "Execution Results" }).click();
      await other.getByRole("textbox", { name: "Who are you?" }).fill("Ada");
      await other.keyboard.press("Enter");
      const secret = page.getByLabel("And the word?");
      await secret.waitFor();
      assert.equal(await secret.getAttribute("type"), "password");
      assert.equal(await line.count(), 0);
      await other.close();
      await secret.fill("swordfish");
      await page.keyboard.press("Enter");
      await runHasEnded(page);
      assert.match((await printed(page).last().textContent()) ?? "", /Hello Ada, a word of 9\./);
      assert.doesNotMatch((await page.locator("main").textContent()) ?? "", /swordfish/);
    },
  },
  {
    name: "an output of HTML runs no script and asks no host",
    async run(page) {
      await runCode(page, 'from IPython.display import HTML, display\ndisplay(HTML("<b>bold</b> words"))\n');
      await runHasEnded(page);
      await page.frameLocator("iframe").getByText("bold").waitFor();
      assert.equal(await page.locator("iframe").getAttribute("sandbox"), "allow-same-origin");
    },
  },
  {
    name: "what was written is kept, and so is the session's new name",
    async run(page) {
      await runCode(page, "print('first')\n");
      await runHasEnded(page);
      await writeCode(page, "print('changed, not run')\n");
      await page.getByRole("button", { name: "Rename this session" }).click();
      const name = `Renamed ${Date.now()}`;
      await page.getByRole("textbox", { name: "Name" }).fill(name);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name }).waitFor();
      await page.reload();
      await page.getByRole("link", { name }).waitFor();
      await page.locator(".monaco-editor").getByText("changed, not run").waitFor();
      await page.getByRole("button", { name: "New session" }).click();
      await page.getByRole("heading", { level: 1, name: "New session" }).waitFor();
      await page.getByRole("link", { name }).click();
      await page.getByRole("heading", { level: 1, name }).waitFor();
    },
  },
  {
    name: "dark is dark, readable, and remembered",
    async run(page) {
      await page.getByRole("button", { name: "Light or dark" }).click();
      await page.getByRole("menuitemcheckbox", { name: "Dark" }).click();
      await page.locator("body.awsui-dark-mode").waitFor();
      await page.reload();
      await page.locator("body.awsui-dark-mode").waitFor();
      await page.getByRole("menuitem", { name: /random walks/ }).click();
      await page.getByRole("button", { name: "Run", exact: true }).waitFor();
      await axeIsContent(page, "an answer in the dark", "contrast");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await runHasEnded(page);
      await axeIsContent(page, "results in the dark", "contrast");
      await openTab(page, "Editor");
      await theEditor(page);
      await axeIsContent(page, "the editor in the dark", "contrast");
    },
  },
  {
    name: "everything fits a phone",
    viewport: { width: 390, height: 844 },
    visit: true,
    async run(page) {
      await page.goto("/");
      await page.getByRole("menuitem", { name: /average alcohol by class/ }).click();
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await runHasEnded(page);
      for (const name of /** @type {const} */ (["Results", "Editor", "Generator"])) {
        await openTab(page, name);
        if (name === "Editor") await theEditor(page);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(width <= 390, `${name} is ${width} px wide`);
        await axeIsContent(page, `${name} on a phone`, "the rest");
      }
    },
  },
  {
    name: "a service that wants a key asks for one",
    visit: true,
    async run(page) {
      let signedIn = false;
      await page.route("**/v1/**", async (route) => {
        if (route.request().url().endsWith("/v1/sign-in")) {
          signedIn = route.request().postDataJSON().credential === "aci_good";
          return signedIn ? route.continue() : route.fulfill({ status: 401, json: { title: "Unauthorized" } });
        }
        return signedIn ? route.continue() : route.fulfill({ status: 401, json: { title: "Unauthorized" } });
      });
      await page.goto("/");
      await page.getByRole("heading", { name: "Sign in" }).waitFor();
      await axeIsContent(page, "the sign-in");
      await page
        .getByRole("textbox", { name: "Key" })
        .or(page.locator("input[type=password]"))
        .first()
        .fill("aci_good");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "New session" }).waitFor();
    },
  },
];
