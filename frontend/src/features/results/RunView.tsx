import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { explain } from "@/api/errors";
import type { CodeError, Job } from "@/api/types";
import { useJob } from "@/api/use-job";
import { RunBlocks } from "@/features/results/RunBlocks";
import { RunError } from "@/features/results/RunError";
import { RunFiles } from "@/features/results/RunFiles";
import { RunNotices } from "@/features/results/RunNotices";
import type { ThemeShown } from "@/lib/theme";
import { WhatToDo } from "@/ui/WhatToDo";

interface Props {
  run: Job;
  theme: ThemeShown;
  onFix: (error: CodeError) => void;
  onShowLine: () => void;
  onRunAgain: () => void;
}

/** All of one run. */
export function RunView({ run, theme, onFix, onShowLine, onRunAgain }: Props) {
  const { job: state, connection, refused } = useJob(run);
  const ended = state.phase.kind === "ended";
  const silent = state.blocks.length === 0 && state.files.length === 0;
  if (refused) return <WhatToDo {...explain(refused)} />;
  if (ended && connection === "connecting")
    return <StatusIndicator type="loading">Loading the results</StatusIndicator>;
  return (
    <SpaceBetween size="m">
      <RunNotices notices={state.notices} />
      <RunError state={state} onFix={onFix} onShowLine={onShowLine} onRunAgain={onRunAgain} />
      <RunBlocks jobId={run.id} blocks={state.blocks} theme={theme} />
      {silent && ended && !state.error && (
        <Box color="text-body-secondary">
          {state.phase.kind === "ended" && state.phase.job.state === "succeeded"
            ? "It ran to its end and gave no output. Print something, or end with an expression to see its value."
            : "There was no output."}
        </Box>
      )}
      {run.session_id && <RunFiles sessionId={run.session_id} files={state.files} />}
      {isTruncated(state.phase) && (
        <Box color="text-body-secondary">Some of the output was cut, because there was very much of it.</Box>
      )}
    </SpaceBetween>
  );
}

function isTruncated(phase: { kind: string; job?: Job }): boolean {
  return phase.job?.result?.truncated === true;
}
