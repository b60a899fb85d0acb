import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Spinner from "@cloudscape-design/components/spinner";
import { lazy, Suspense, useMemo } from "react";
import type { Job } from "@/api/types";
import { codeOf } from "@/api/types";
import { useJobPart } from "@/api/use-job";
import { AnswersField } from "@/features/editor/AnswersField";
import { EditorToolbar } from "@/features/editor/EditorToolbar";
import type { RunOptions } from "@/features/editor/run-options";
import { inputCalls } from "@/lib/input-calls";
import type { ThemeShown } from "@/lib/theme";
import { WhatToDo } from "@/ui/WhatToDo";

const PythonEditor = lazy(async () => ({ default: (await import("@/features/editor/PythonEditor")).PythonEditor }));

interface Props {
  code: string;
  onCode: (code: string) => void;
  options: RunOptions;
  onOptions: (options: RunOptions) => void;
  running: boolean;
  onRun: () => void;
  onStop: () => void;
  /** The newest run; its error is marked as long as the program is the one that raised it. */
  lastRun: Job | null;
  theme: ThemeShown;
}

/** The program, and how to run it. */
export function EditorTab({ code, onCode, options, onOptions, running, onRun, onStop, lastRun, theme }: Props) {
  const calls = useMemo(() => inputCalls(code), [code]);
  const error = useJobPart(lastRun, (feed) => feed.job.error);
  const isThatProgram = lastRun !== null && codeOf(lastRun) === code;
  const marked = isThatProgram ? error : null;
  const mark = useMemo(
    () => (marked?.line ? { line: marked.line, message: `${marked.name}: ${marked.value}` } : null),
    [marked],
  );
  const canRun = code.trim() !== "";
  return (
    <SpaceBetween size="s">
      <EditorToolbar
        canRun={canRun}
        running={running}
        options={options}
        onOptions={onOptions}
        onRun={onRun}
        onStop={onStop}
      />
      {marked && (
        <WhatToDo
          title={marked.name}
          detail={marked.value}
          advice={marked.line ? `It was raised in line ${marked.line}, which is marked.` : "See the results."}
        />
      )}
      {calls.length > 0 && (
        <AnswersField
          calls={calls}
          answers={options.answers}
          onAnswers={(answers) => onOptions({ ...options, answers })}
        />
      )}
      <div className="aci-editor-place">
        <Suspense
          fallback={
            <Box padding="xxl" textAlign="center" color="text-body-secondary">
              <Spinner /> Loading the editor
            </Box>
          }
        >
          <PythonEditor
            code={code}
            onChange={onCode}
            onRun={() => {
              if (canRun && !running) onRun();
            }}
            error={mark}
            theme={theme}
          />
        </Suspense>
      </div>
    </SpaceBetween>
  );
}
