/** Photographs each kind of output for the README's gallery, by itself. */
import { runCode, runHasEnded } from "./browser.mjs";

const PLOT = "import matplotlib.pyplot as plt\nimport numpy as np\n";
const BUNDLE = "from IPython.display import display, HTML, JSON, Latex, Markdown, SVG\n";

/** What is photographed: its name, a program that gives it, and where it then stands. @type {[string, string, string][]} */
const KINDS = [
  [
    "figure",
    `${PLOT}x = np.linspace(0, 10, 200)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2))
axes[0].plot(x, np.sin(x), label="sine")
axes[0].plot(x, np.cos(x), label="cosine")
axes[0].set(title="Two waves", xlabel="time", ylabel="height")
axes[0].legend()
axes[1].bar(["red", "green", "blue"], [3, 5, 2], color=["#c3394f", "#2a9d62", "#2f6fde"])
axes[1].set_title("Votes")
plt.show()`,
    ".aci-figure",
  ],
  [
    "picture",
    `from PIL import Image
Image.radial_gradient("L").resize((360, 180)).convert("RGB")`,
    ".aci-figure",
  ],
  [
    "plotly",
    `import plotly.graph_objects as go
figure = go.Figure([
    go.Bar(name="2024", x=["north", "east", "south", "west"], y=[12, 9, 14, 6]),
    go.Bar(name="2025", x=["north", "east", "south", "west"], y=[14, 11, 13, 9]),
])
figure.update_layout(title="Sales by region", yaxis_title="thousands")
figure`,
    ".aci-figure",
  ],
  [
    "table",
    `import pandas as pd
pd.DataFrame({
    "city": pd.Categorical(["Lima", "Oslo", "Pune", "Turin"]),
    "since": pd.to_datetime(["1535-01-18", "1040-01-01", "1490-06-01", None]),
    "people": [10_092_000, 709_000, 7_764_000, 851_000],
    "share": [0.31, float("nan"), 0.06, 0.014],
})`,
    ".aci-table",
  ],
  [
    "html",
    `${BUNDLE}HTML("<h3 style='margin:0'>A report</h3><p>With <b>markup</b>, in a frame that runs <i>no</i> script.</p>")`,
    ".aci-html",
  ],
  [
    "markdown",
    `${BUNDLE}Markdown("### Findings\\n\\n1. **Alcohol** rises with class\\n2. *Ash* does not\\n\\nSee the table above for the rest.")`,
    ".aci-prose",
  ],
  [
    "svg",
    `${BUNDLE}SVG('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 80" width="360"><rect width="240" height="80" fill="#eef3fe"/><circle cx="60" cy="40" r="26" fill="#2f6fde"/><path d="M110 62 L150 18 L190 62 Z" fill="#d6652a"/></svg>')`,
    ".aci-figure",
  ],
  ["latex", `${BUNDLE}Latex(r"$\\int_0^1 x^2\\,dx = \\frac{1}{3}$")`, ".aci-value"],
  ["json", `${BUNDLE}JSON({"model": "linear", "score": 0.93, "features": ["ash", "alcohol"]})`, ".aci-value"],
  ["value", `{name: len(name) for name in ["a", "few", "words"]}`, ".aci-value"],
  [
    "progress",
    `from tqdm import tqdm
import sys
print("\\033[1mTraining\\033[0m on \\033[36m3 folds\\033[0m")
for fold in tqdm(range(3), desc="folds", ncols=70, bar_format="{l_bar}{bar}| {n_fmt}/{total_fmt}"):
    pass
print("\\033[32mdone\\033[0m")`,
    ".aci-terminal",
  ],
];

/** @param {import("playwright-core").Page} page @param {string} place @param {number} settleMs */
export async function shootGallery(page, place, settleMs) {
  for (const [name, code, where] of KINDS) {
    await runCode(page, code);
    await runHasEnded(page);
    const output = page.locator(where).last();
    await output.waitFor();
    await page.waitForTimeout(settleMs);
    await output.screenshot({ path: `${place}output-${name}.png`, animations: "disabled" });
  }
}
