import Button from "@cloudscape-design/components/button";
import Select from "@cloudscape-design/components/select";
import Toggle from "@cloudscape-design/components/toggle";
import { type RunOptions, TIMEOUTS_S } from "@/features/editor/run-options";

interface Props {
  canRun: boolean;
  running: boolean;
  options: RunOptions;
  onOptions: (options: RunOptions) => void;
  onRun: () => void;
  onStop: () => void;
}

const TIMES = TIMEOUTS_S.map((seconds) => ({
  value: String(seconds),
  label: seconds < 60 ? `${seconds} seconds` : `${seconds / 60} ${seconds === 60 ? "minute" : "minutes"}`,
}));

const RUN_KEYS = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘ ⏎" : "Ctrl+Enter";

export function EditorToolbar({ canRun, running, options, onOptions, onRun, onStop }: Props) {
  return (
    <div className="aci-toolbar">
      {running ? (
        <Button variant="primary" iconName="stop-circle" onClick={onStop}>
          Stop
        </Button>
      ) : (
        <Button
          variant="primary"
          iconName="play"
          disabled={!canRun}
          disabledReason="There is no code to run."
          ariaLabel="Run"
          onClick={onRun}
        >
          Run
        </Button>
      )}
      <span className="aci-keys">{RUN_KEYS}</span>
      <div className="aci-toolbar-rest">
        <Select
          ariaLabel="Longest run"
          inlineLabelText="Longest run"
          selectedOption={TIMES.find((time) => time.value === String(options.timeoutS)) ?? null}
          options={TIMES}
          onChange={({ detail }) => onOptions({ ...options, timeoutS: Number(detail.selectedOption.value) })}
        />
        <Toggle checked={options.reset} onChange={({ detail }) => onOptions({ ...options, reset: detail.checked })}>
          Fresh interpreter
        </Toggle>
      </div>
    </div>
  );
}
