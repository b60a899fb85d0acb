/** How programs are run: for how long is a habit, what they are answered and a fresh start are one session's alone. */
import { useCallback, useState } from "react";
import { DEFAULT_OPTIONS, type RunOptions } from "@/features/editor/run-options";

/** In memory alone: an answer may be a password. */
export function useRunOptions(sessionId: string | null) {
  const [kept, setKept] = useState({ of: sessionId, options: DEFAULT_OPTIONS });
  const options = kept.of === sessionId ? kept.options : { ...kept.options, reset: false, answers: "" };

  /** Gives the new session what was chosen before there was one. */
  const adoptOptions = useCallback(
    (id: string) => setKept((before) => (before.of === null ? { ...before, of: id } : before)),
    [],
  );

  return {
    options,
    adoptOptions,
    setOptions: (next: RunOptions) => setKept({ of: sessionId, options: next }),
    /** One fresh start was asked for, and is had. */
    started: () => setKept((before) => ({ ...before, options: { ...before.options, reset: false } })),
  };
}
