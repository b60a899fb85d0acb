/** A job's phase in a few words, for an eye and for a screen reader. */
import type { Phase } from "@/api/job-state";
import type { Job } from "@/api/types";

export interface PhaseWords {
  readonly type: "pending" | "in-progress" | "success" | "error" | "stopped" | "warning";
  readonly label: string;
}

const ENDS: Readonly<Record<Job["state"], PhaseWords>> = {
  queued: { type: "pending", label: "Waiting" },
  running: { type: "in-progress", label: "Running" },
  succeeded: { type: "success", label: "Done" },
  failed: { type: "error", label: "Failed" },
  cancelled: { type: "stopped", label: "Stopped" },
  expired: { type: "stopped", label: "Expired" },
};

export function endWords(state: Job["state"]): PhaseWords {
  return ENDS[state];
}

/** `doing` is what a running job of the agent does: "Writing", "Running". */
export function phaseWords(phase: Phase, doing: string): PhaseWords {
  switch (phase.kind) {
    case "queued": {
      const ahead = phase.position ? `, ${phase.position} before it` : "";
      return { type: "pending", label: `Waiting for its turn${ahead}` };
    }
    case "running":
      return { type: "in-progress", label: doing };
    case "retrying":
      return { type: "warning", label: "Interrupted, trying again" };
    case "ended":
      return ENDS[phase.job.state];
  }
}
