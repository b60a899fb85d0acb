import Box from "@cloudscape-design/components/box";
import type { ChartData } from "@/lib/plotly";
import { Chart } from "@/ui/Chart";
import { DataLink } from "@/ui/DataLink";

/** A figure of plotly: drawn where it is made of what we draw, and always there to be opened by plotly itself. */
export function PlotlyFigure({ chart, json }: { chart: ChartData | null; json: string }) {
  return (
    <figure className="aci-figure">
      {chart ? (
        <Chart chart={chart} />
      ) : (
        <Box color="text-body-secondary">A plotly figure of a kind that is not drawn here.</Box>
      )}
      <figcaption>
        <DataLink name="plotly.json" json={json} />
      </figcaption>
    </figure>
  );
}
