import SegmentedControl from "@cloudscape-design/components/segmented-control";
import type { Agent } from "@/api/types";

interface Props {
  /** Agents that the page was not built with. */
  others: readonly Agent[];
  asked: string;
  onAsked: (agent: string) => void;
}

/** Who is asked: for a program, for an answer, or whichever agents are installed besides. */
export function AgentChoice({ others, asked, onAsked }: Props) {
  return (
    <div className="aci-agents">
      <SegmentedControl
        label="What you want"
        selectedId={asked}
        onChange={({ detail }) => onAsked(detail.selectedId)}
        options={[
          { id: "generate", text: "Write a program" },
          { id: "solve", text: "Solve a task" },
          ...others.map((agent) => ({ id: agent.name, text: agent.title })),
        ]}
      />
    </div>
  );
}
