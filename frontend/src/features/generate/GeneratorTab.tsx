import Button from "@cloudscape-design/components/button";
import { useRef } from "react";
import { useAgents } from "@/api/queries";
import type { Job } from "@/api/types";
import { AgentChoice } from "@/features/generate/AgentChoice";
import { AgentForm } from "@/features/generate/AgentForm";
import type { Example } from "@/features/generate/examples";
import { FilesPanel } from "@/features/generate/FilesPanel";
import { PromptBox } from "@/features/generate/PromptBox";
import { type AnswerActions, type ShowBlocks, Turn } from "@/features/generate/Turn";
import { Welcome } from "@/features/generate/Welcome";
import { useStickToEnd } from "@/lib/use-stick-to-end";

interface Props {
  sessionId: string | null;
  /** The session's prompts, newest first; undefined while they are loaded. */
  jobs: readonly Job[] | undefined;
  hasEarlier: boolean;
  onEarlier: () => void;
  prompt: string;
  onPrompt: (prompt: string) => void;
  busy: boolean;
  onSend: () => void;
  onStop: () => void;
  /** The agent that is asked next. */
  asked: string;
  onAsked: (agent: string) => void;
  onStart: (agent: string, input: Record<string, unknown>) => void;
  changing: boolean | null;
  onChanging: (changing: boolean) => void;
  uploading: boolean;
  onUpload: (files: File[]) => void;
  onExample: (example: Example) => void;
  actions: AnswerActions;
  showBlocks: ShowBlocks;
}

/** The conversation: prompts, answers, and the files that they are about. */
export function GeneratorTab(props: Props) {
  const { jobs } = props;
  const end = useRef<HTMLDivElement>(null);
  const turns = useRef<HTMLDivElement>(null);
  useStickToEnd(turns, end, jobs?.[0]?.id);
  const others = useAgents().data?.filter((agent) => agent.package !== null) ?? [];
  const other = others.find((agent) => agent.name === props.asked);

  return (
    <div className="aci-generator">
      <div className="aci-conversation">
        <div className="aci-turns" ref={turns}>
          {jobs?.length === 0 && <Welcome onExample={props.onExample} />}
          {props.hasEarlier && (
            <Button variant="inline-link" onClick={props.onEarlier}>
              Show earlier prompts
            </Button>
          )}
          {jobs?.toReversed().map((job) => (
            <Turn key={job.id} job={job} actions={props.actions} showBlocks={props.showBlocks} />
          ))}
          <div ref={end} className="aci-end" />
        </div>
        <div className="aci-prompt-place">
          <AgentChoice others={others} asked={props.asked} onAsked={props.onAsked} />
          {other ? (
            <AgentForm
              key={other.name}
              agent={other}
              busy={props.busy}
              onStart={(input) => props.onStart(other.name, input)}
            />
          ) : (
            <PromptBox
              solving={props.asked === "solve"}
              prompt={props.prompt}
              onPrompt={props.onPrompt}
              busy={props.busy}
              onSend={props.onSend}
              onStop={props.onStop}
              onAttach={props.onUpload}
              changing={props.changing}
              onChanging={props.onChanging}
            />
          )}
        </div>
      </div>
      <div className="aci-beside">
        <FilesPanel sessionId={props.sessionId} uploading={props.uploading} onUpload={props.onUpload} />
      </div>
    </div>
  );
}
