import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { Step } from "@/api/job-state";
import type { ShowBlocks } from "@/features/generate/Turn";
import { Prose } from "@/ui/Prose";
import { PythonCode } from "@/ui/PythonCode";
import { TerminalView } from "@/ui/TerminalView";

interface Props {
  jobId: string;
  step: Step;
  showBlocks: ShowBlocks;
}

/** One program that the agent ran: why, the program, and what came out. */
export function StepView({ jobId, step, showBlocks }: Props) {
  const name = `Step ${step.number}`;
  const traceback = step.error?.traceback.map((line) => line.replace(/\n$/, "")).join("\n");
  return (
    <SpaceBetween size="xs">
      {step.said !== "" && <Prose text={step.said} />}
      <ExpandableSection
        headerText={
          <span className="aci-status-line">
            {name}
            <StepStatus ok={step.ok} />
          </span>
        }
      >
        <PythonCode code={step.code} label={`The program of step ${step.number}`} />
      </ExpandableSection>
      {showBlocks(`${jobId}-${step.number}`, jobId, step.blocks)}
      {traceback && (
        <TerminalView pieces={[{ text: traceback, error: true }]} label={`Traceback of step ${step.number}`} />
      )}
    </SpaceBetween>
  );
}

function StepStatus({ ok }: { ok: boolean | null }) {
  if (ok === null) return <StatusIndicator type="in-progress">Running</StatusIndicator>;
  return ok ? <StatusIndicator>Done</StatusIndicator> : <StatusIndicator type="error">Failed</StatusIndicator>;
}
