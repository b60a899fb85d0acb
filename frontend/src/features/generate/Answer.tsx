import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { explain } from "@/api/errors";
import { explainFailure } from "@/api/failure";
import type { JobFeed } from "@/api/job-feed";
import { phaseWords } from "@/api/phase";
import type { Job } from "@/api/types";
import type { AnswerActions } from "@/features/generate/Turn";
import { duration } from "@/lib/format";
import { Prose } from "@/ui/Prose";
import { PythonCode } from "@/ui/PythonCode";
import { WhatToDo } from "@/ui/WhatToDo";

interface Props {
  job: Job;
  feed: JobFeed;
  actions: AnswerActions;
}

/** Explanation and program as they arrive, who wrote them, and what can be done with them. */
export function Answer({ job, feed, actions }: Props) {
  const { explanation, code, codeIsComplete, notices } = feed.job;
  const failure = feed.job.phase.kind === "ended" ? explainFailure(feed.job.phase.job) : null;
  const refusal = feed.refused ? explain(feed.refused) : null;
  const wrong = failure ?? refusal;
  const ended = feed.job.phase.kind === "ended";
  const again = (
    <Button iconName="refresh" onClick={() => actions.onRetry(job)}>
      Try again
    </Button>
  );
  return (
    <SpaceBetween size="s">
      <AnswerStatus feed={feed} doing={code ? "Writing the program" : "Thinking"} />
      {notices.map((notice) =>
        notice.kind === "model-fallback" ? (
          <Box key={`${notice.from} ${notice.to}`} color="text-body-secondary" fontSize="body-s">
            {notice.from} could not answer ({notice.reason}); {notice.to} was asked instead.
          </Box>
        ) : null,
      )}
      {explanation !== "" && <Prose text={explanation} />}
      {code !== "" && <PythonCode code={code} label={codeIsComplete ? "The program" : "The program so far"} />}
      {wrong && <WhatToDo {...wrong} action={again} />}
      {ended && !wrong && (
        <SpaceBetween direction="horizontal" size="xs">
          {code !== "" && (
            <Button variant="primary" iconName="play" onClick={() => actions.onRun(code)}>
              Run
            </Button>
          )}
          {code !== "" && (
            <Button iconName="edit" onClick={() => actions.onOpen(code)}>
              Open in editor
            </Button>
          )}
          {again}
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

/** One line: how far it is, and who answers. A finished answer needs to say only the latter. */
export function AnswerStatus({ feed, doing }: { feed: JobFeed; doing: string }) {
  const { phase, model, progress } = feed.job;
  const words = phaseWords(phase, progress?.message ?? doing);
  const runMs = phase.kind === "ended" ? phase.job.timings.run_ms : null;
  const loading = phase.kind === "ended" && feed.connection === "connecting";
  return (
    <div className="aci-status-line">
      {loading ? (
        <StatusIndicator type="loading">Loading</StatusIndicator>
      ) : (
        <StatusIndicator type={words.type}>{words.label}</StatusIndicator>
      )}
      {model && (
        <Box color="text-body-secondary" fontSize="body-s">
          {model}
          {runMs !== null && ` · ${duration(runMs)}`}
        </Box>
      )}
    </div>
  );
}
