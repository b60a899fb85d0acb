/** Light, dark, or what the system has; remembered, and told to Cloudscape and to all who ask. */
import { applyMode, Mode } from "@cloudscape-design/global-styles";
import { remember, remembered } from "@/lib/remembered";
import { Store } from "@/lib/store";

export type ThemeChoice = "light" | "dark" | "auto";
export type ThemeShown = "light" | "dark";

const CHOICES: readonly ThemeChoice[] = ["light", "dark", "auto"];
const KEY = "theme";

const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");

export const themeChoice = new Store<ThemeChoice>(CHOICES.find((one) => one === remembered(KEY)) ?? "auto");
export const themeShown = new Store<ThemeShown>("light");

function show(): void {
  const choice = themeChoice.get();
  const shown = choice === "auto" ? (systemIsDark.matches ? "dark" : "light") : choice;
  applyMode(shown === "dark" ? Mode.Dark : Mode.Light);
  document.documentElement.style.colorScheme = shown;
  themeShown.set(shown);
}

/** To be called once, before the first paint. */
export function startTheme(): void {
  show();
  systemIsDark.addEventListener("change", show);
}

export function chooseTheme(choice: ThemeChoice): void {
  remember(KEY, choice);
  themeChoice.set(choice);
  show();
}
