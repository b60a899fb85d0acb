/**
 * Where a program asks its user something. A guess from the text, made while the user types: strings and comments that
 * only look like a call are left out, everything else is the interpreter's to decide.
 */
export interface InputCall {
  line: number;
  prompt: string;
}

const QUIET =
  /("""[\s\S]*?"""|'''[\s\S]*?''')|(#[^\n]*)|(?<![\w.])input\s*\(\s*(?:[fFrRbBuU]{0,2}("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'))?|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

export function inputCalls(code: string): InputCall[] {
  const calls: InputCall[] = [];
  for (const match of code.matchAll(QUIET)) {
    if (!match[0].startsWith("input")) continue;
    const line = code.slice(0, match.index).split("\n").length;
    calls.push({ line, prompt: (match[3] ?? "").slice(1, -1).trim() });
  }
  return calls;
}
