/** How a program is run. */
export interface RunOptions {
  readonly timeoutS: number;
  /** Begin with a fresh interpreter: files stay, variables go. */
  readonly reset: boolean;
  /** Answers to input(), a line each. */
  readonly answers: string;
}

export const TIMEOUTS_S = [10, 30, 60, 120, 300, 600] as const;

export const DEFAULT_OPTIONS: RunOptions = { timeoutS: 60, reset: false, answers: "" };

export function answersOf(options: RunOptions): string[] {
  return options.answers === "" ? [] : options.answers.replace(/\n$/, "").split("\n");
}
