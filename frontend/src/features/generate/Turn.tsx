import Avatar from "@cloudscape-design/chat-components/avatar";
import ChatBubble from "@cloudscape-design/chat-components/chat-bubble";
import type { ReactNode } from "react";
import type { Block } from "@/api/job-state";
import { useAgents } from "@/api/queries";
import { type Job, wishOf } from "@/api/types";
import { useJob } from "@/api/use-job";
import { AgentAnswer } from "@/features/generate/AgentAnswer";
import { Answer } from "@/features/generate/Answer";

/** Draws what a run gave: how, is another feature's matter. */
export type ShowBlocks = (key: string, jobId: string, blocks: readonly Block[]) => ReactNode;

export interface AnswerActions {
  onOpen: (code: string) => void;
  onRun: (code: string) => void;
  onRetry: (job: Job) => void;
}

/** Said here, because the chat components do not know the colours of the dark mode. */
const OUTGOING = { bubble: { background: "transparent", color: "var(--aci-text)" } };
const INCOMING = { bubble: { background: "var(--aci-sunken)", color: "var(--aci-text)" } };

const NAMES: Readonly<Record<string, string>> = { generate: "Code generator", solve: "Solver" };

interface Props {
  job: Job;
  actions: AnswerActions;
  showBlocks: ShowBlocks;
}

/** A prompt and its answer. */
export function Turn({ job, actions, showBlocks }: Props) {
  const feed = useJob(job);
  const agents = useAgents();
  const name = NAMES[job.agent] ?? agents.data?.find((one) => one.name === job.agent)?.title ?? job.agent;
  const working = feed.job.phase.kind !== "ended";
  return (
    <div className="aci-turn">
      <ChatBubble
        type="outgoing"
        style={OUTGOING}
        ariaLabel="You"
        avatar={<Avatar ariaLabel="You" tooltipText="You" iconName="user-profile" />}
      >
        <div className="aci-said">{wishOf(job)}</div>
      </ChatBubble>
      <ChatBubble
        type="incoming"
        style={INCOMING}
        ariaLabel={name}
        avatar={<Avatar ariaLabel={name} color="gen-ai" iconName="gen-ai" loading={working} />}
        showLoadingBar={working}
      >
        {job.agent === "generate" ? (
          <Answer job={job} feed={feed} actions={actions} />
        ) : (
          <AgentAnswer job={job} feed={feed} actions={actions} showBlocks={showBlocks} />
        )}
      </ChatBubble>
    </div>
  );
}
