/** What the browser keeps for us. A browser that keeps nothing (private windows, full storage) is no error. */
const PREFIX = "aci.";

export function remembered(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // Not kept: the page works on, and forgets at the next refresh.
  }
}
