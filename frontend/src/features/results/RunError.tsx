import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { explainFailure } from "@/api/failure";
import type { JobState } from "@/api/job-state";
import type { CodeError, Job } from "@/api/types";
import { TerminalView } from "@/ui/TerminalView";
import { WhatToDo } from "@/ui/WhatToDo";

interface Props {
  state: JobState;
  onFix: (error: CodeError) => void;
  onShowLine: () => void;
  onRunAgain: () => void;
}

/** What went wrong with a run, and the ways on from there. */
export function RunError({ state, onFix, onShowLine, onRunAgain }: Props) {
  const ended = state.phase.kind === "ended" ? state.phase.job : null;
  const failure = ended ? explainFailure(ended) : null;
  const { error } = state;
  if (!failure && !error) return null;
  const said = failure ?? {
    title: `The program raised ${error?.name}`,
    detail: error?.value ?? "",
    advice: "Look at the marked line, or let the AI mend it.",
  };
  const fixable = error ?? limitError(ended);
  const column = error?.column ? `, column ${error.column}` : "";
  const where = error?.line ? ` (line ${error.line}${column})` : "";
  return (
    <SpaceBetween size="s">
      <WhatToDo
        {...said}
        title={`${said.title}${where}`}
        action={
          <SpaceBetween direction="horizontal" size="xs">
            {fixable && (
              <Button iconName="gen-ai" onClick={() => onFix(fixable)}>
                Fix with AI
              </Button>
            )}
            {error?.line ? (
              <Button iconName="edit" onClick={onShowLine}>
                Show the line
              </Button>
            ) : (
              <Button iconName="refresh" onClick={onRunAgain}>
                Run again
              </Button>
            )}
          </SpaceBetween>
        }
      />
      {error && error.traceback.length > 0 && (
        <ExpandableSection headerText="Traceback" defaultExpanded>
          <TerminalView pieces={[{ text: joined(error.traceback), error: false }]} label="Traceback" />
        </ExpandableSection>
      )}
    </SpaceBetween>
  );
}

const BY_THE_PROGRAM: ReadonlySet<string> = new Set(["timeout", "memory-limit", "output-limit"]);

/** A limit that the program ran into is something that it can be changed for, too. */
function limitError(job: Job | null): CodeError | null {
  const problem = job?.error;
  if (!problem || !BY_THE_PROGRAM.has(problem.type)) return null;
  return { name: problem.title, value: problem.detail, traceback: [], line: null, column: null };
}

function joined(traceback: readonly string[]): string {
  return traceback.map((line) => line.replace(/\n$/, "")).join("\n");
}
