import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Block } from "@/api/job-state";
import { OutputView } from "@/features/results/OutputView";
import type { ThemeShown } from "@/lib/theme";
import { TerminalView } from "@/ui/TerminalView";

interface Props {
  jobId: string;
  blocks: readonly Block[];
  theme: ThemeShown;
}

/** Everything that a run gave, in the order in which it came. */
export function RunBlocks({ jobId, blocks, theme }: Props) {
  return (
    <SpaceBetween size="m">
      {blocks.map((block, at) => {
        // A block keeps its place: blocks are only ever added at the end.
        const key = `${jobId}-${at}`;
        return block.kind === "text" ? (
          <TerminalView key={key} pieces={block.pieces} label="Printed text" />
        ) : (
          <OutputView key={key} jobId={jobId} data={block.data} theme={theme} />
        );
      })}
    </SpaceBetween>
  );
}
