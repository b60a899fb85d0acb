import { useEffect, useRef } from "react";
import { createEditor, type Mark, mark, RUN_KEYS, replaceText, showTheme } from "@/features/editor/monaco";
import type { ThemeShown } from "@/lib/theme";

export interface PythonEditorProps {
  code: string;
  onChange: (code: string) => void;
  onRun: () => void;
  error: Mark | null;
  theme: ThemeShown;
}

type Editor = ReturnType<typeof createEditor>;

/** Monaco, told what to show and telling what is typed. */
export function PythonEditor({ code, onChange, onRun, error, theme }: PythonEditorProps) {
  const place = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const now = useRef({ code, onChange, onRun });
  now.current = { code, onChange, onRun };

  useEffect(() => {
    if (!place.current) return;
    const made = createEditor(place.current, now.current.code, "Python code. Press Control and M to let Tab move on.");
    editor.current = made;
    made.addCommand(RUN_KEYS, () => now.current.onRun());
    const listening = made.onDidChangeModelContent(() => now.current.onChange(made.getValue()));
    return () => {
      listening.dispose();
      made.getModel()?.dispose();
      made.dispose();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    if (editor.current) replaceText(editor.current, code);
  }, [code]);

  useEffect(() => {
    if (editor.current) mark(editor.current, error);
  }, [error]);

  useEffect(() => showTheme(theme), [theme]);

  return <div ref={place} className="aci-editor" />;
}
