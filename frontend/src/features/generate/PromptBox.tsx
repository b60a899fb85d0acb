import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import PromptInput from "@cloudscape-design/components/prompt-input";
import Toggle from "@cloudscape-design/components/toggle";
import { type ReactNode, useRef } from "react";

const LONGEST_PROMPT = 20_000;

interface Props {
  /** A task is to be solved, and no program to be written. */
  solving: boolean;
  prompt: string;
  onPrompt: (prompt: string) => void;
  busy: boolean;
  onSend: () => void;
  onStop: () => void;
  onAttach: (files: File[]) => void;
  /** Whether the program in the editor is to be changed; null where there is none. */
  changing: boolean | null;
  onChanging: (changing: boolean) => void;
  children?: ReactNode;
}

/** Where prompts are written. While an answer is on its way, the arrow is a stop button. */
export function PromptBox(props: Props) {
  const { solving, prompt, onPrompt, busy, onSend, onStop, onAttach, changing, onChanging, children } = props;
  const picker = useRef<HTMLInputElement>(null);
  const tooLong = prompt.length > LONGEST_PROMPT;
  const sendable = prompt.trim() !== "" && !tooLong;
  return (
    <div className="aci-prompt">
      <PromptInput
        value={prompt}
        ariaLabel={solving ? "What is to be found out or done" : "What the program should do"}
        placeholder={solving ? "Describe the task…" : changing ? "What should change?" : "Describe the program…"}
        minRows={2}
        maxRows={10}
        autoFocus
        invalid={tooLong}
        onChange={({ detail }) => onPrompt(detail.value)}
        onAction={() => {
          if (!busy && sendable) onSend();
        }}
        disableSecondaryActionsPaddings={false}
        customPrimaryAction={
          busy ? (
            <Button variant="icon" ariaLabel="Stop" iconName="stop-circle" onClick={onStop} />
          ) : (
            <Button variant="icon" iconName="send" ariaLabel="Send" disabled={!sendable} onClick={onSend} />
          )
        }
        secondaryActions={
          <div className="aci-prompt-actions">
            <Button variant="icon" iconName="upload" ariaLabel="Add files" onClick={() => picker.current?.click()} />
            {changing !== null && !solving && (
              <Toggle checked={changing} onChange={({ detail }) => onChanging(detail.checked)}>
                Change the code in the editor
              </Toggle>
            )}
          </div>
        }
        secondaryContent={children}
      />
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        aria-hidden="true"
        onChange={({ target }) => {
          onAttach([...(target.files ?? [])]);
          target.value = "";
        }}
      />
      {tooLong && (
        <Box color="text-status-error" padding={{ top: "xxs" }}>
          {prompt.length.toLocaleString()} characters; {LONGEST_PROMPT.toLocaleString()} are the most.
        </Box>
      )}
    </div>
  );
}
