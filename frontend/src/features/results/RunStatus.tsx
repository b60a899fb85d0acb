import Box from "@cloudscape-design/components/box";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { openQuestion, type Phase } from "@/api/job-state";
import { phaseWords } from "@/api/phase";
import type { Job } from "@/api/types";
import { useJob } from "@/api/use-job";
import { duration, wholeSeconds } from "@/lib/format";
import { useNow } from "@/lib/use-now";

/** Where a run is: waiting, running with the time it has left, or ended after so long. */
export function RunStatus({ run, timeoutS }: { run: Job; timeoutS: number }) {
  const { job: state } = useJob(run);
  const asks = openQuestion(state) !== null;
  const words = phaseWords(state.phase, asks ? "Waits for your answer" : (state.progress?.message ?? "Running"));
  // Waiting for an answer is no run time, so what is left of it can't be told by the clock.
  const asked = state.blocks.some((block) => block.kind === "question");
  return (
    <div className="aci-status-line">
      <StatusIndicator type={words.type}>{words.label}</StatusIndicator>
      <Timing phase={state.phase} timeoutS={asked ? null : timeoutS} />
      {state.progress?.percent != null && (
        <ProgressBar value={state.progress.percent} ariaLabel={state.progress.message} />
      )}
    </div>
  );
}

function Timing({ phase, timeoutS }: { phase: Phase; timeoutS: number | null }) {
  const now = useNow(phase.kind === "running");
  const text = timingText(phase, timeoutS, now);
  return text ? (
    <Box color="text-body-secondary" fontSize="body-s">
      {text}
    </Box>
  ) : null;
}

function timingText(phase: Phase, timeoutS: number | null, now: number): string {
  if (phase.kind === "running") {
    // The clocks of server and browser may differ: never below nothing, never above the whole.
    const passed = Math.max(0, Math.floor((now - Date.parse(phase.since)) / 1000));
    if (timeoutS === null) return wholeSeconds(passed);
    const seconds = Math.min(timeoutS, passed);
    return `${wholeSeconds(seconds)} · ${wholeSeconds(timeoutS - seconds)} left`;
  }
  if (phase.kind !== "ended") return "";
  const { run_ms, queued_ms } = phase.job.timings;
  if (run_ms === null) return "";
  return queued_ms !== null && queued_ms >= 1000
    ? `${duration(run_ms)} after waiting ${duration(queued_ms)}`
    : duration(run_ms);
}
