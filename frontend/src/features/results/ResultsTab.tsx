import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { type CodeError, codeOf, type Job } from "@/api/types";
import { useJobPart } from "@/api/use-job";
import { RunPicker } from "@/features/results/RunPicker";
import { RunStatus } from "@/features/results/RunStatus";
import { RunView } from "@/features/results/RunView";
import type { ThemeShown } from "@/lib/theme";
import { PythonCode } from "@/ui/PythonCode";

export interface ResultActions {
  onStop: (run: Job) => void;
  onRunAgain: (run: Job) => void;
  onOpen: (code: string) => void;
  onFix: (run: Job, error: CodeError) => void;
}

interface Props {
  /** Newest first; undefined while they are loaded. */
  runs: readonly Job[] | undefined;
  /** A run is on its way to the service. */
  sending: boolean;
  picked: string | null;
  onPick: (jobId: string) => void;
  onGoToEditor: () => void;
  theme: ThemeShown;
  actions: ResultActions;
}

export function ResultsTab({ runs, sending, picked, onPick, onGoToEditor, theme, actions }: Props) {
  const run = runs?.find((one) => one.id === picked) ?? runs?.[0];
  if (!run) {
    return (
      <Box textAlign="center" padding="xxxl" color="text-body-secondary">
        {runs === undefined ? (
          <StatusIndicator type="loading">Loading</StatusIndicator>
        ) : sending ? (
          <StatusIndicator type="in-progress">Sending the program</StatusIndicator>
        ) : (
          <SpaceBetween size="s">
            <Box variant="h2" color="inherit">
              Nothing was run yet
            </Box>
            <span>Whatever a program prints, draws, and writes shows up here while it runs.</span>
            <Button onClick={onGoToEditor}>Go to the editor</Button>
          </SpaceBetween>
        )}
      </Box>
    );
  }
  return (
    <SpaceBetween size="m">
      <RunHeader runs={runs ?? []} run={run} onPick={onPick} actions={actions} />
      <Container>
        <RunView
          key={run.id}
          run={run}
          theme={theme}
          onFix={(error) => actions.onFix(run, error)}
          onShowLine={() => actions.onOpen(codeOf(run))}
          onRunAgain={() => actions.onRunAgain(run)}
        />
      </Container>
      <ExpandableSection headerText="The program of this run">
        <PythonCode code={codeOf(run)} label="The program of this run" />
      </ExpandableSection>
    </SpaceBetween>
  );
}

function RunHeader({
  runs,
  run,
  onPick,
  actions,
}: {
  runs: readonly Job[];
  run: Job;
  onPick: (jobId: string) => void;
  actions: ResultActions;
}) {
  const ended = useJobPart(run, (feed) => feed.job.phase.kind === "ended");
  const timeoutS = typeof run.input.timeout_s === "number" ? run.input.timeout_s : 60;
  return (
    <div className="aci-run-header">
      <RunPicker runs={runs} shown={run} onPick={onPick} />
      <RunStatus run={run} timeoutS={timeoutS} />
      <div className="aci-run-actions">
        {ended ? (
          <Button iconName="refresh" onClick={() => actions.onRunAgain(run)}>
            Run again
          </Button>
        ) : (
          <Button variant="primary" iconName="stop-circle" onClick={() => actions.onStop(run)}>
            Stop
          </Button>
        )}
        <Button iconName="edit" onClick={() => actions.onOpen(codeOf(run))}>
          Open in editor
        </Button>
      </div>
    </div>
  );
}
