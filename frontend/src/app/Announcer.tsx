import LiveRegion from "@cloudscape-design/components/live-region";
import type { Phase } from "@/api/job-state";
import type { Job } from "@/api/types";
import { useJobPart } from "@/api/use-job";

/** Reads out how far the newest prompt and the newest run are, for those who can't see it. */
export function Announcer({ prompt, run }: { prompt: Job | null; run: Job | null }) {
  const prompted = useJobPart(prompt, (feed) => feed.job.phase);
  const ran = useJobPart(run, (feed) => feed.job.phase);
  const error = useJobPart(run, (feed) => feed.job.error);
  return (
    <LiveRegion hidden>
      {prompt &&
        (prompt.agent === "generate"
          ? words(prompted, "The program is being written.", "The program is written.", "No program was written")
          : words(prompted, "The task is worked on.", "The task is done.", "The task was not done"))}{" "}
      {run && words(ran, "The program is running.", "The program has ended.", failed(error?.line))}
    </LiveRegion>
  );
}

function failed(line: number | null | undefined): string {
  return line ? `The program failed in line ${line}` : "The program failed";
}

function words(phase: Phase, doing: string, done: string, wrong: string): string {
  switch (phase.kind) {
    case "queued":
      return "Waiting.";
    case "running":
      return doing;
    case "retrying":
      return "It was interrupted and is tried again.";
    case "ended":
      if (phase.job.state === "succeeded") return done;
      if (phase.job.state === "cancelled") return "It was stopped.";
      return `${wrong}: ${phase.job.error?.title ?? phase.job.state}.`;
  }
}
