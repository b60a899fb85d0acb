import Box from "@cloudscape-design/components/box";
import { lazy, Suspense } from "react";
import { artifactAddress } from "@/api/client";
import { type ShownOutput, shownOutput } from "@/features/results/output";
import { never } from "@/lib/never";
import type { ThemeShown } from "@/lib/theme";
import { DataTable } from "@/ui/DataTable";
import { Figure } from "@/ui/Figure";
import { Prose } from "@/ui/Prose";
import { SandboxedHtml } from "@/ui/SandboxedHtml";

const PlotlyFigure = lazy(async () => ({ default: (await import("@/ui/PlotlyFigure")).PlotlyFigure }));

interface Props {
  jobId: string;
  data: Readonly<Record<string, unknown>>;
  theme: ThemeShown;
}

export function OutputView({ jobId, data, theme }: Props) {
  return <Rendered output={shownOutput(data)} jobId={jobId} theme={theme} />;
}

/** One way to draw each kind of output. */
function Rendered({ output, jobId, theme }: { output: ShownOutput; jobId: string; theme: ThemeShown }) {
  switch (output.kind) {
    case "table":
      return <DataTable table={output.table} title="Table" />;
    case "figure":
      return (
        <Figure
          source={artifactAddress(jobId, output.artifact)}
          name={output.artifact}
          alt={output.alt}
          data={output.data}
        />
      );
    case "plotly":
      return (
        <Suspense fallback={<Box color="text-body-secondary">Drawing …</Box>}>
          <PlotlyFigure chart={output.chart} json={output.json} />
        </Suspense>
      );
    case "picture":
      return <Figure source={output.source} name={`figure.${extensionOf(output.mime)}`} alt={output.alt} />;
    case "html":
      return <SandboxedHtml html={output.html} theme={theme} title="Output as HTML" />;
    case "markdown":
      return <Prose text={output.text} />;
    case "json":
    case "text":
      return <pre className="aci-value">{output.text}</pre>;
    case "nothing":
      return null;
    case "unknown":
      return <Box color="text-body-secondary">An output that can't be shown here: {output.mimes.join(", ")}</Box>;
    default:
      never(output);
      return null;
  }
}

function extensionOf(mime: string): string {
  return mime.replace(/^image\//, "").replace(/\+.*$/, "");
}
