/** The session and the tab that are looked at. The address bar holds both, so a refresh or a link comes back to them. */
import { Store, useStore } from "@/lib/store";

export const TABS = ["generator", "editor", "results"] as const;
export type Tab = (typeof TABS)[number];

export interface Place {
  readonly sessionId: string | null;
  readonly tab: Tab;
}

export function readPlace(search: string): Place {
  const query = new URLSearchParams(search);
  const tab = TABS.find((one) => one === query.get("tab")) ?? "generator";
  return { sessionId: query.get("session") || null, tab };
}

export function addressOf({ sessionId, tab }: Place): string {
  const query = new URLSearchParams();
  if (sessionId) query.set("session", sessionId);
  if (tab !== "generator") query.set("tab", tab);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

const place = new Store<Place>(readPlace(window.location.search));

window.addEventListener("popstate", () => place.set(readPlace(window.location.search)));

export function usePlace(): Place {
  return useStore(place);
}

/** Goes elsewhere; what is not named stays as it is. */
export function goTo(change: Partial<Place>, how: "push" | "replace" = "push"): void {
  const before = place.get();
  const after = { ...before, ...change };
  if (after.sessionId === before.sessionId && after.tab === before.tab) return;
  const address = addressOf(after);
  if (how === "push") window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  place.set(after);
}
