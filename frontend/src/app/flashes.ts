/** Errors of what the user did, until they are dismissed. */
import { type Explained, explain, ProblemError } from "@/api/errors";
import { Store } from "@/lib/store";

export interface Flash extends Explained {
  readonly id: string;
}

export const flashes = new Store<readonly Flash[]>([]);

const MOST = 3;
let count = 0;

export function flashError(error: unknown): void {
  if (error instanceof ProblemError && error.status === 401) return; // the sign-in page says it
  count += 1;
  flashes.set([...flashes.get(), { id: `flash-${count}`, ...explain(error) }].slice(-MOST));
}

export function dismiss(id: string): void {
  flashes.set(flashes.get().filter((flash) => flash.id !== id));
}
