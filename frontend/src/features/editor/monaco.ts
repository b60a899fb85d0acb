/**
 * Monaco with Python and the few features that a small editor needs, all from this page's own files. Loaded when the
 * editor is first opened.
 */
import * as monaco from "monaco-editor/editor/editor.api";
import EditorWorker from "monaco-editor/editor/editor.worker?worker";
import "monaco-editor/languages/definitions/python/register";
import "monaco-editor/features/bracketMatching/register";
import "monaco-editor/features/caretOperations/register";
import "monaco-editor/features/clipboard/register";
import "monaco-editor/features/codicon/register";
import "monaco-editor/features/comment/register";
import "monaco-editor/features/contextmenu/register";
import "monaco-editor/features/cursorUndo/register";
import "monaco-editor/features/find/register";
import "monaco-editor/features/folding/register";
import "monaco-editor/features/gotoError/register";
import "monaco-editor/features/hover/register";
import "monaco-editor/features/indentation/register";
import "monaco-editor/features/linesOperations/register";
import "monaco-editor/features/multicursor/register";
import "monaco-editor/features/placeholderText/register";
import "monaco-editor/features/suggest/register";
import "monaco-editor/features/toggleTabFocusMode/register";
import "monaco-editor/features/wordHighlighter/register";
import "monaco-editor/features/wordOperations/register";
import type { ThemeShown } from "@/lib/theme";

self.MonacoEnvironment = { getWorker: () => new EditorWorker() };

/** Cloudscape's surfaces, and colours on them that keep a contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3). */
monaco.editor.defineTheme("aci-light", {
  base: "vs",
  inherit: true,
  rules: [
    { token: "comment", foreground: "5f6b7a" },
    { token: "keyword", foreground: "6237a7" },
    { token: "string", foreground: "00692f" },
    { token: "string.escape", foreground: "00692f" },
    { token: "number", foreground: "9c4500" },
    { token: "type", foreground: "004a9e" },
  ],
  colors: {
    "editor.background": "#ffffff",
    "editor.foreground": "#0f141a",
    "editorLineNumber.foreground": "#656871",
    "editorLineNumber.activeForeground": "#0f141a",
    "editor.lineHighlightBackground": "#f6f6f9",
    "editor.lineHighlightBorder": "#00000000",
    "editorGutter.background": "#ffffff",
    "editor.selectionBackground": "#d1e4ff",
  },
});
monaco.editor.defineTheme("aci-dark", {
  base: "vs-dark",
  inherit: true,
  rules: [
    { token: "comment", foreground: "95a0ad" },
    { token: "keyword", foreground: "c9a8ff" },
    { token: "string", foreground: "7fd99a" },
    { token: "string.escape", foreground: "7fd99a" },
    { token: "number", foreground: "ffb77a" },
    { token: "type", foreground: "7fb8ff" },
  ],
  colors: {
    "editor.background": "#161d26",
    "editor.foreground": "#dedee3",
    "editorLineNumber.foreground": "#8c8c94",
    "editorLineNumber.activeForeground": "#dedee3",
    "editor.lineHighlightBackground": "#1b232d",
    "editor.lineHighlightBorder": "#00000000",
    "editorGutter.background": "#161d26",
    "editor.selectionBackground": "#264a75",
    "editorWidget.background": "#1b232d",
    "editorHoverWidget.background": "#1b232d",
  },
});

export function showTheme(theme: ThemeShown): void {
  monaco.editor.setTheme(theme === "dark" ? "aci-dark" : "aci-light");
}

const SHARED: monaco.editor.IStandaloneEditorConstructionOptions = {
  automaticLayout: true,
  fontSize: 14,
  lineHeight: 21,
  fontFamily: '"Monaco", "Menlo", "Consolas", "Courier Prime", "Courier", monospace',
  renderFinalNewline: "on",
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  overviewRulerLanes: 0,
  padding: { top: 12, bottom: 12 },
  fixedOverflowWidgets: true,
  scrollbar: { alwaysConsumeMouseWheel: false },
  wordBasedSuggestions: "currentDocument",
  placeholder: "Write Python here, or have it written in the Code Generator.",
  unicodeHighlight: { ambiguousCharacters: false },
};

export function createEditor(place: HTMLElement, code: string, label: string): monaco.editor.IStandaloneCodeEditor {
  const editor = monaco.editor.create(place, {
    ...SHARED,
    value: code,
    language: "python",
    tabSize: 4,
    insertSpaces: true,
    ariaLabel: label,
    accessibilitySupport: "auto",
    lineNumbersMinChars: 4,
    glyphMargin: false,
    folding: true,
  });
  editor.getModel()?.updateOptions({
    bracketColorizationOptions: { enabled: false, independentColorPoolPerBracketType: false },
  });
  return editor;
}

export interface Mark {
  readonly line: number;
  readonly message: string;
}

/** Marks the line that raised, or takes the mark away. */
export function mark(editor: monaco.editor.IStandaloneCodeEditor, at: Mark | null): void {
  const model = editor.getModel();
  if (!model) return;
  if (!at || at.line < 1 || at.line > model.getLineCount()) {
    monaco.editor.setModelMarkers(model, "run", []);
    return;
  }
  monaco.editor.setModelMarkers(model, "run", [
    {
      severity: monaco.MarkerSeverity.Error,
      message: at.message,
      startLineNumber: at.line,
      endLineNumber: at.line,
      startColumn: model.getLineFirstNonWhitespaceColumn(at.line) || 1,
      endColumn: model.getLineMaxColumn(at.line),
    },
  ]);
  editor.revealLineInCenterIfOutsideViewport(at.line);
}

/** Ctrl+Enter, or Command+Enter on a Mac. */
export const RUN_KEYS = monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter;

/** Changes the text as an edit that can be undone, and leaves an equal text alone. */
export function replaceText(editor: monaco.editor.IStandaloneCodeEditor, code: string): void {
  const model = editor.getModel();
  if (!model || model.getValue() === code) return;
  editor.pushUndoStop();
  editor.executeEdits("page", [{ range: model.getFullModelRange(), text: code }]);
  editor.pushUndoStop();
}
