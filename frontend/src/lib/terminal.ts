/**
 * A small terminal: text with ANSI colours, carriage returns, backspaces and the few cursor moves that progress bars
 * make, turned into lines of styled spans (ECMA-48). It is fed piece by piece, and cut anywhere it gives the same
 * lines. Whatever else a program may send (titles, mouse modes, alternate screens) is swallowed.
 */

export interface Style {
  /** 0–15 from the palette, or a CSS colour. */
  readonly color?: number | string;
  readonly background?: number | string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly inverse?: boolean;
  /** From standard error. */
  readonly error?: boolean;
}

export interface Span {
  readonly text: string;
  readonly style: Style;
}

export type Line = readonly Span[];

interface Cell {
  char: string;
  style: Style;
}

const PLAIN: Style = {};
const ESCAPE = "\u001b";
/** Longer lines are cut. */
const MOST_COLUMNS = 10_000;
/** As far to the right as a cursor move reaches; only text gets further. A screen has its bounds as well. */
const SCREEN_COLUMNS = 500;
/** As far up as a cursor move reaches; lines above are as they are, for good. */
const SCREEN_ROWS = 300;

/** A whole control sequence, operating system command, or two-character escape. */
const SEQUENCE =
  /^\u001b(?:\[([0-?]*)[ -/]*([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[PX^_][^\u001b]*\u001b\\|[ -/]*[0-OQ-WYZ\\`-~])/;
/** The beginning of one, whose end may come in the next piece. */
const UNFINISHED = /^\u001b(?:\[[0-?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[PX^_][^\u001b]*\u001b?|[ -/]*)$/;

export class Terminal {
  #rows: Cell[][] = [[]];
  #rendered: (Line | undefined)[] = [];
  #row = 0;
  #column = 0;
  /** Rows above this one have scrolled away: only their rendered lines are kept. */
  #top = 0;
  #style: Style = PLAIN;
  #rest = "";

  feed(text: string, error = false): void {
    if (Boolean(this.#style.error) !== error) this.#style = withError(this.#style, error);
    const all = this.#rest + text;
    this.#rest = "";
    let at = 0;
    while (at < all.length) {
      const code = all.codePointAt(at) ?? 0;
      const char = String.fromCodePoint(code);
      if (char === ESCAPE) {
        const read = this.#escape(all.slice(at, at + 4096));
        if (read === 0) {
          this.#rest = all.slice(at);
          return;
        }
        at += read;
        continue;
      }
      at += char.length;
      this.#put(char, code);
    }
  }

  /** All lines so far; the ones that did not change are the same objects as before. */
  lines(): Line[] {
    return this.#rows.map((cells, row) => {
      const known = this.#rendered[row];
      if (known) return known;
      const line = spansOf(cells);
      this.#rendered[row] = line;
      return line;
    });
  }

  #put(char: string, code: number): void {
    switch (char) {
      case "\n":
        this.#newLine();
        return;
      case "\r":
        this.#column = 0;
        return;
      case "\b":
        this.#column = Math.max(0, this.#column - 1);
        return;
      case "\t":
        for (let stop = 8 - (this.#column % 8); stop > 0; stop--) this.#write(" ");
        return;
      default:
        if (code >= 0x20 && code !== 0x7f) this.#write(char);
    }
  }

  #write(char: string): void {
    const cells = this.#cells();
    while (cells.length < this.#column) cells.push({ char: " ", style: PLAIN });
    if (this.#column >= MOST_COLUMNS) return;
    cells[this.#column] = { char, style: this.#style };
    this.#column += 1;
    this.#rendered[this.#row] = undefined;
  }

  #cells(): Cell[] {
    const cells = this.#rows[this.#row] ?? [];
    this.#rows[this.#row] = cells;
    return cells;
  }

  #newLine(): void {
    this.#column = 0;
    this.#row += 1;
    if (this.#row < this.#rows.length) return;
    this.#rows.push([]);
    if (this.#rows.length - this.#top <= SCREEN_ROWS) return;
    this.#rendered[this.#top] ??= spansOf(this.#rows[this.#top] ?? []);
    this.#rows[this.#top] = [];
    this.#top += 1;
  }

  /** A move stays on the screen, as in any terminal. */
  #moveTo(row: number, column: number): void {
    this.#row = Math.min(Math.max(this.#top, row), this.#rows.length - 1);
    this.#column = Math.min(Math.max(0, column), Math.max(SCREEN_COLUMNS, this.#column));
  }

  /** How many characters the sequence at the beginning of `text` takes; 0 when its end is yet to come. */
  #escape(text: string): number {
    const whole = SEQUENCE.exec(text);
    if (!whole) return text.length < 4096 && UNFINISHED.test(text) ? 0 : 1;
    const [sequence, parameters = "", command] = whole;
    if (command) this.#control(parameters, command);
    return sequence.length;
  }

  #control(parameters: string, command: string): void {
    const first = Number.parseInt(parameters, 10) || 0;
    const count = Math.min(Math.max(1, first), 1000);
    switch (command) {
      case "m":
        this.#style = restyled(this.#style, parameters);
        return;
      case "A":
        this.#moveTo(this.#row - count, this.#column);
        return;
      case "B":
        this.#moveTo(this.#row + count, this.#column);
        return;
      case "C":
        this.#moveTo(this.#row, this.#column + count);
        return;
      case "D":
        this.#moveTo(this.#row, this.#column - count);
        return;
      case "E":
        this.#moveTo(this.#row + count, 0);
        return;
      case "F":
        this.#moveTo(this.#row - count, 0);
        return;
      case "G":
        this.#moveTo(this.#row, count - 1);
        return;
      case "K":
        this.#eraseInLine(first);
        return;
      case "J":
        if (first === 2 || first === 3) this.#clear();
        return;
      case "H":
        if (parameters === "" || parameters === "1;1") this.#moveTo(this.#top, 0);
        return;
    }
  }

  #eraseInLine(which: number): void {
    const cells = this.#cells();
    const end = which === 0 ? cells.length : Math.min(cells.length, this.#column + 1);
    if (which === 0) cells.length = Math.min(cells.length, this.#column);
    else if (which === 2) cells.length = 0;
    else for (let at = 0; at < end; at++) cells[at] = { char: " ", style: PLAIN };
    this.#rendered[this.#row] = undefined;
  }

  #clear(): void {
    this.#rows = [[]];
    this.#rendered = [];
    this.#top = 0;
    this.#moveTo(0, 0);
  }
}

/** A text from beginning to end, as lines. */
export function terminalLines(text: string): Line[] {
  const terminal = new Terminal();
  terminal.feed(text);
  return terminal.lines();
}

/** A text without its escape sequences, as it would be read. */
export function plainText(text: string): string {
  return terminalLines(text)
    .map((line) => line.map((span) => span.text).join(""))
    .join("\n");
}

function withError(style: Style, error: boolean): Style {
  const { error: _, ...rest } = style;
  return error ? { ...rest, error } : rest;
}

function spansOf(cells: readonly Cell[]): Line {
  const spans: { text: string; style: Style }[] = [];
  for (const cell of cells) {
    const last = spans.at(-1);
    if (last && last.style === cell.style) last.text += cell.char;
    else spans.push({ text: cell.char, style: cell.style });
  }
  return spans;
}

type Change = (style: Style, code: number) => Style;

const CHANGES: Readonly<Record<number, Change>> = {
  0: ({ error }) => (error ? { error } : PLAIN),
  1: (style) => ({ ...style, bold: true }),
  2: (style) => ({ ...style, dim: true }),
  3: (style) => ({ ...style, italic: true }),
  4: (style) => ({ ...style, underline: true }),
  7: (style) => ({ ...style, inverse: true }),
  22: ({ bold: _, dim: __, ...rest }) => rest,
  23: ({ italic: _, ...rest }) => rest,
  24: ({ underline: _, ...rest }) => rest,
  27: ({ inverse: _, ...rest }) => rest,
  39: ({ color: _, ...rest }) => rest,
  49: ({ background: _, ...rest }) => rest,
};

/** "Select graphic rendition". */
function restyled(before: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((one) => Number.parseInt(one, 10) || 0);
  let style = before;
  for (let at = 0; at < codes.length; at++) {
    const code = codes[at] ?? 0;
    if (code === 38 || code === 48) {
      const [color, used] = extended(codes.slice(at + 1));
      at += used;
      style = colored(style, code === 38 ? "color" : "background", color);
    } else {
      style = (CHANGES[code] ?? basic)(style, code);
    }
  }
  return style;
}

function colored(style: Style, what: "color" | "background", color: number | string | undefined): Style {
  return color === undefined ? style : { ...style, [what]: color };
}

function basic(style: Style, code: number): Style {
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 };
  if (code >= 90 && code <= 97) return { ...style, color: code - 82 };
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 };
  if (code >= 100 && code <= 107) return { ...style, background: code - 92 };
  return style;
}

/** A colour of the 256 or of the 16 million, and how many numbers named it. */
function extended(codes: readonly number[]): [number | string | undefined, number] {
  if (codes[0] === 5) return [indexed(codes[1] ?? 0), 2];
  if (codes[0] === 2) return [rgb(codes[1] ?? 0, codes[2] ?? 0, codes[3] ?? 0), 4];
  return [undefined, codes.length];
}

function indexed(index: number): number | string {
  if (index < 16) return index;
  if (index >= 232) return rgb(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10);
  const cube = index - 16;
  const level = (step: number) => (step === 0 ? 0 : 55 + step * 40);
  return rgb(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6));
}

function rgb(red: number, green: number, blue: number): string {
  const part = (value: number) => Math.min(255, Math.max(0, value));
  return `rgb(${part(red)}, ${part(green)}, ${part(blue)})`;
}
