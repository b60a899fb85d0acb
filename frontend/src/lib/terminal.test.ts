import { describe, expect, test } from "vitest";
import { plainText, Terminal, terminalLines } from "@/lib/terminal";

const ESC = "\u001b";

describe("text", () => {
  test.each([
    ["lines", "a\nb\n", "a\nb\n"],
    ["a carriage return writes over", "10 %\r20 %\r100 %", "100 %"],
    ["what is longer shows behind what is shorter", "long\rno", "nong"],
    ["Windows' line ends", "a\r\nb", "a\nb"],
    ["backspaces", "abc\b\bX", "aXc"],
    ["tabs to every eighth column", "a\tb", "a       b"],
    ["erasing to the end of the line", `progress${ESC}[3D${ESC}[K`, "progr"],
    ["erasing the line", `old\r${ESC}[2Knew`, "new"],
    ["moving up, as nested progress bars do", `one\ntwo${ESC}[A\rONE`, "ONE\ntwo"],
    ["clearing the screen", `before${ESC}[2J${ESC}[Hafter`, "after"],
    ["titles and other commands are swallowed", `${ESC}]0;title\u0007a${ESC}[?25lb`, "ab"],
    ["other control characters too", "a\u0000\u0007b", "ab"],
    ["characters beyond the first plane", "🍷é漢", "🍷é漢"],
  ])("%s", (_, text, shown) => {
    expect(plainText(text)).toBe(shown);
  });

  test("a cursor can't be sent so far that the page runs out of memory", () => {
    const lines = terminalLines(`${`${ESC}[1000B${ESC}[1000Cx`.repeat(2000)}`);
    expect(lines).toHaveLength(1);
    expect(lines[0]?.map((span) => span.text).join("").length).toBeLessThanOrEqual(3000);
  });

  test("lines that have scrolled away stay as they were", () => {
    const many = Array.from({ length: 1000 }, (_, at) => `line ${at}`).join("\n");
    const lines = plainText(`${many}${ESC}[900Achanged`).split("\n");
    expect(lines).toHaveLength(1000);
    expect(lines[0]).toBe("line 0");
  });
});

describe("colours", () => {
  const styles = (text: string) => terminalLines(text)[0]?.map(({ text, style }) => [text, style]);

  test("are put on and taken off", () => {
    expect(styles(`a${ESC}[31mb${ESC}[0mc`)).toEqual([
      ["a", {}],
      ["b", { color: 1 }],
      ["c", {}],
    ]);
  });

  test.each([
    ["1;32", { bold: true, color: 2 }],
    ["97", { color: 15 }],
    ["44", { background: 4 }],
    ["102", { background: 10 }],
    ["38;5;9", { color: 9 }],
    ["38;5;196", { color: "rgb(255, 0, 0)" }],
    ["38;5;244", { color: "rgb(128, 128, 128)" }],
    ["48;2;1;2;300", { background: "rgb(1, 2, 255)" }],
    ["2;3;4;7", { dim: true, italic: true, underline: true, inverse: true }],
    ["1;4;22;24", {}],
    ["31;39", {}],
    ["", {}],
  ])("%s", (parameters, style) => {
    expect(styles(`${ESC}[${parameters}mx`)).toEqual([["x", style]]);
  });

  test("standard error is told apart, also after a reset", () => {
    const terminal = new Terminal();
    terminal.feed(`${ESC}[31mbad${ESC}[0m!`, true);
    terminal.feed("fine");
    expect(terminal.lines()[0]?.map(({ text, style }) => [text, style])).toEqual([
      ["bad", { error: true, color: 1 }],
      ["!", { error: true }],
      ["fine", {}],
    ]);
  });
});

test("cut anywhere, it shows the same", () => {
  const text = `\r  5 %\r${ESC}[32m 50 %${ESC}[0m\rdone 🍷\nnext${ESC}[2K\r${ESC}]0;t${ESC}\\${ESC}[1mbold${ESC}[22m.\n`;
  const whole = terminalLines(text);
  const characters = [...text];
  for (let cut = 0; cut <= characters.length; cut++) {
    const terminal = new Terminal();
    terminal.feed(characters.slice(0, cut).join(""));
    terminal.lines();
    terminal.feed(characters.slice(cut).join(""));
    expect(terminal.lines()).toEqual(whole);
  }
});
