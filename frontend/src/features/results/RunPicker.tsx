import Select from "@cloudscape-design/components/select";
import { endWords } from "@/api/phase";
import type { Job } from "@/api/types";
import { clock } from "@/lib/format";

interface Props {
  /** Newest first. */
  runs: readonly Job[];
  shown: Job;
  onPick: (jobId: string) => void;
}

/** Which of the session's runs is looked at. */
export function RunPicker({ runs, shown, onPick }: Props) {
  const options = runs.map((run, at) => ({
    value: run.id,
    label: `Run ${runs.length - at}`,
    description: `${clock(run.created_at)} · ${endWords(run.state).label}`,
  }));
  return (
    <Select
      ariaLabel="Run"
      selectedOption={options.find((one) => one.value === shown.id) ?? null}
      options={options}
      onChange={({ detail }) => {
        if (detail.selectedOption.value) onPick(detail.selectedOption.value);
      }}
    />
  );
}
