import Button from "@cloudscape-design/components/button";
import { type CSSProperties, useRef, useState } from "react";
import { type Line, type Style, Terminal } from "@/lib/terminal";

const LINES_SHOWN = 500;

interface Piece {
  readonly text: string;
  readonly error: boolean;
}

/** What a program printed, as a terminal would show it. */
export function TerminalView({ pieces, label }: { pieces: readonly Piece[]; label: string }) {
  const lines = useTerminal(pieces);
  const [all, setAll] = useState(false);
  const end = lines.at(-1)?.length === 0 ? lines.slice(0, -1) : lines;
  const shown = all ? end : end.slice(-LINES_SHOWN);
  const first = end.length - shown.length;
  return (
    <div className="aci-terminal">
      {first > 0 && (
        <Button variant="inline-link" onClick={() => setAll(true)}>
          Show {first.toLocaleString()} earlier lines
        </Button>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section tabIndex={0} aria-label={label}>
        {shown.map((line, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
          <TerminalLine key={first + at} line={line} />
        ))}
      </section>
    </div>
  );
}

function TerminalLine({ line }: { line: Line }) {
  return (
    <div>
      {line.length === 0 && " "}
      {line.map(({ text, style }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a span is its place
        <span key={at} className={classOf(style)} style={colorsOf(style)}>
          {text}
        </span>
      ))}
    </div>
  );
}

/** The lines of all pieces so far. What has come since the last time is added to the terminal, nothing is read twice. */
function useTerminal(pieces: readonly Piece[]): Line[] {
  const fed = useRef<{ terminal: Terminal; pieces: readonly Piece[] }>({ terminal: new Terminal(), pieces: [] });
  if (fed.current.pieces !== pieces) {
    if (!goesOn(fed.current.pieces, pieces)) fed.current = { terminal: new Terminal(), pieces: [] };
    const { terminal, pieces: before } = fed.current;
    for (const [at, piece] of pieces.entries()) {
      const known = before[at]?.text.length ?? 0;
      if (piece.text.length > known) terminal.feed(piece.text.slice(known), piece.error);
    }
    fed.current = { terminal, pieces };
  }
  return fed.current.terminal.lines();
}

/** Whether `after` is `before` with more at its end. */
function goesOn(before: readonly Piece[], after: readonly Piece[]): boolean {
  return before.every((piece, at) => {
    const same = after[at];
    if (!same || same.error !== piece.error) return false;
    return at < before.length - 1 ? same.text === piece.text : same.text.startsWith(piece.text);
  });
}

const CLASSES = ["bold", "dim", "italic", "underline", "inverse", "error"] as const;

function classOf(style: Style): string | undefined {
  const names = CLASSES.filter((name) => style[name]).map((name) => `aci-t-${name}`);
  if (typeof style.color === "number") names.push(`aci-t-fg-${style.color}`);
  if (typeof style.background === "number") names.push(`aci-t-bg-${style.background}`);
  return names.length > 0 ? names.join(" ") : undefined;
}

function colorsOf(style: Style): CSSProperties | undefined {
  const color = typeof style.color === "string" ? style.color : undefined;
  const backgroundColor = typeof style.background === "string" ? style.background : undefined;
  return color || backgroundColor ? { color, backgroundColor } : undefined;
}
