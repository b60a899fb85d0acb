import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { explain } from "@/api/errors";
import { explainFailure } from "@/api/failure";
import type { JobFeed } from "@/api/job-feed";
import type { Job } from "@/api/types";
import { AnswerStatus } from "@/features/generate/Answer";
import { StepView } from "@/features/generate/StepView";
import type { AnswerActions, ShowBlocks } from "@/features/generate/Turn";
import { Prose } from "@/ui/Prose";
import { PythonCode } from "@/ui/PythonCode";
import { WhatToDo } from "@/ui/WhatToDo";

interface Props {
  job: Job;
  feed: JobFeed;
  actions: AnswerActions;
  showBlocks: ShowBlocks;
}

/**
 * What an agent did and said, whichever it is: its steps, its words, what it showed, and, of an agent that the page
 * knows nothing of, its result as the service has it.
 */
export function AgentAnswer({ job, feed, actions, showBlocks }: Props) {
  const { explanation, steps, blocks, notices } = feed.job;
  const ended = feed.job.phase.kind === "ended" ? feed.job.phase.job : null;
  const wrong = (ended && explainFailure(ended)) ?? (feed.refused ? explain(feed.refused) : null);
  const code = ended ? codeIn(ended) : "";
  return (
    <SpaceBetween size="s">
      <AnswerStatus feed={feed} doing={steps.at(-1)?.ok === null ? "Running a program" : "Working"} />
      {notices.map((notice) =>
        notice.kind === "model-fallback" || notice.kind === "sandbox-reset" ? (
          <Box key={JSON.stringify(notice)} color="text-body-secondary" fontSize="body-s">
            {notice.kind === "model-fallback"
              ? `${notice.from} could not answer (${notice.reason}); ${notice.to} was asked instead.`
              : `The interpreter was started anew (${notice.reason}): variables are gone, files are restored.`}
          </Box>
        ) : null,
      )}
      {steps.map((step) => (
        <StepView key={step.number} jobId={job.id} step={step} showBlocks={showBlocks} />
      ))}
      {blocks.length > 0 && showBlocks(job.id, job.id, blocks)}
      {explanation !== "" && <Prose text={explanation} />}
      {job.agent !== "solve" && code !== "" && <PythonCode code={code} label="The program" />}
      {job.agent !== "solve" && ended?.result && (
        <ExpandableSection headerText="The result">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
          <section className="aci-json" aria-label="Result as JSON" tabIndex={0}>
            {JSON.stringify(ended.result, null, 2)}
          </section>
        </ExpandableSection>
      )}
      {wrong && <WhatToDo {...wrong} />}
      {ended && (
        <SpaceBetween direction="horizontal" size="xs">
          {code !== "" && (
            <Button iconName="edit" onClick={() => actions.onOpen(code)}>
              Open in editor
            </Button>
          )}
          <Button iconName="refresh" onClick={() => actions.onRetry(job)}>
            Try again
          </Button>
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}

function codeIn(job: Job): string {
  const code = job.result?.code;
  return typeof code === "string" ? code : "";
}
