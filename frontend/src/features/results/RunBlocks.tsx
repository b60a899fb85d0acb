import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Block } from "@/api/job-state";
import { OutputView } from "@/features/results/OutputView";
import { QuestionView } from "@/features/results/QuestionView";
import { never } from "@/lib/never";
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
        return <BlockView key={key} jobId={jobId} block={block} theme={theme} />;
      })}
    </SpaceBetween>
  );
}

function BlockView({ jobId, block, theme }: { jobId: string; block: Block; theme: ThemeShown }) {
  switch (block.kind) {
    case "text":
      return <TerminalView pieces={block.pieces} label="Printed text" />;
    case "question":
      return <QuestionView jobId={jobId} question={block} />;
    case "output":
      return <OutputView jobId={jobId} data={block.data} theme={theme} />;
    default:
      never(block);
      return null;
  }
}
