import Button from "@cloudscape-design/components/button";
import { useRef } from "react";
import type { Job } from "@/api/types";
import type { Example } from "@/features/generate/examples";
import { FilesPanel } from "@/features/generate/FilesPanel";
import { PromptBox } from "@/features/generate/PromptBox";
import { type AnswerActions, Turn } from "@/features/generate/Turn";
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
  changing: boolean | null;
  onChanging: (changing: boolean) => void;
  uploading: boolean;
  onUpload: (files: File[]) => void;
  onExample: (example: Example) => void;
  actions: AnswerActions;
}

/** The conversation: prompts, answers, and the files that they are about. */
export function GeneratorTab(props: Props) {
  const { jobs } = props;
  const end = useRef<HTMLDivElement>(null);
  const turns = useRef<HTMLDivElement>(null);
  useStickToEnd(turns, end, jobs?.[0]?.id);

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
            <Turn key={job.id} job={job} actions={props.actions} />
          ))}
          <div ref={end} className="aci-end" />
        </div>
        <div className="aci-prompt-place">
          <PromptBox
            prompt={props.prompt}
            onPrompt={props.onPrompt}
            busy={props.busy}
            onSend={props.onSend}
            onStop={props.onStop}
            onAttach={props.onUpload}
            changing={props.changing}
            onChanging={props.onChanging}
          />
        </div>
      </div>
      <div className="aci-beside">
        <FilesPanel sessionId={props.sessionId} uploading={props.uploading} onUpload={props.onUpload} />
      </div>
    </div>
  );
}
