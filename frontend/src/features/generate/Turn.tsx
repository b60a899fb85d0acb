import Avatar from "@cloudscape-design/chat-components/avatar";
import ChatBubble from "@cloudscape-design/chat-components/chat-bubble";
import { type Job, promptOf } from "@/api/types";
import { useJob } from "@/api/use-job";
import { Answer } from "@/features/generate/Answer";

export interface AnswerActions {
  onOpen: (code: string) => void;
  onRun: (code: string) => void;
  onRetry: (job: Job) => void;
}

/** Said here, because the chat components do not know the colours of the dark mode. */
const OUTGOING = { bubble: { background: "transparent", color: "var(--aci-text)" } };
const INCOMING = { bubble: { background: "var(--aci-sunken)", color: "var(--aci-text)" } };

/** A prompt and its answer. */
export function Turn({ job, actions }: { job: Job; actions: AnswerActions }) {
  const feed = useJob(job);
  const working = feed.job.phase.kind !== "ended";
  return (
    <div className="aci-turn">
      <ChatBubble
        type="outgoing"
        style={OUTGOING}
        ariaLabel="You"
        avatar={<Avatar ariaLabel="You" tooltipText="You" iconName="user-profile" />}
      >
        <div className="aci-said">{promptOf(job)}</div>
      </ChatBubble>
      <ChatBubble
        type="incoming"
        style={INCOMING}
        ariaLabel="Code generator"
        avatar={<Avatar ariaLabel="Code generator" color="gen-ai" iconName="gen-ai" loading={working} />}
        showLoadingBar={working}
      >
        <Answer job={job} feed={feed} actions={actions} />
      </ChatBubble>
    </div>
  );
}
