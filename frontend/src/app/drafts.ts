/** What was written and not yet sent, by session: it survives a refresh. The oldest of many sessions are forgotten. */
import { useMemo } from "react";
import { remember, remembered } from "@/lib/remembered";
import { Store, useStore } from "@/lib/store";

export interface Draft {
  readonly code?: string | undefined;
  readonly prompt?: string | undefined;
}

type Drafts = Readonly<Record<string, Draft>>;

const KEY = "drafts";
const MOST = 20;
const WRITE_MS = 300;
const NO_SESSION = "new";

const drafts = new Store<Drafts>(read());
let writing: ReturnType<typeof setTimeout> | undefined;

function read(): Drafts {
  try {
    const kept: unknown = JSON.parse(remembered(KEY) ?? "{}");
    return typeof kept === "object" && kept !== null ? (kept as Drafts) : {};
  } catch {
    return {};
  }
}

function write(): void {
  clearTimeout(writing);
  writing = undefined;
  remember(KEY, JSON.stringify(drafts.get()));
}

window.addEventListener("pagehide", write);

export function changeDraft(sessionId: string | null, draft: Draft): void {
  const { [sessionId ?? NO_SESSION]: before, ...others } = drafts.get();
  const entries = [...Object.entries(others), [sessionId ?? NO_SESSION, { ...before, ...draft }] as const];
  drafts.set(Object.fromEntries(entries.slice(-MOST)));
  writing ??= setTimeout(write, WRITE_MS);
}

/** Forgets all of them: whoever wrote them has left. */
export function forgetDrafts(): void {
  drafts.set({});
  write();
}

/** Gives the new session what was written before there was one. */
export function adoptDraft(sessionId: string): void {
  const { [NO_SESSION]: draft, ...others } = drafts.get();
  if (draft) drafts.set({ ...others, [sessionId]: draft });
  writing ??= setTimeout(write, WRITE_MS);
}

export function useDraft(sessionId: string | null): [Draft, (draft: Draft) => void] {
  const draft = useStore(drafts)[sessionId ?? NO_SESSION];
  const set = useMemo(() => (next: Draft) => changeDraft(sessionId, next), [sessionId]);
  return [draft ?? EMPTY, set];
}

const EMPTY: Draft = {};
