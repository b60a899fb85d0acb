import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import { DataLink } from "@/ui/DataLink";

interface Props {
  source: string;
  name: string;
  alt: string;
  /** What it shows, as JSON, where that is known. */
  data?: string | null;
}

/** A picture that a program drew, on the white that it was drawn for. */
export function Figure({ source, name, alt, data }: Props) {
  const [lost, setLost] = useState(false);
  if (lost) return <Box color="text-status-error">The figure {name} could not be loaded.</Box>;
  return (
    <figure className="aci-figure">
      <img src={source} alt={alt} onError={() => setLost(true)} />
      <figcaption>
        <Button variant="inline-link" iconName="download" href={source} download={name} ariaLabel={`Download ${name}`}>
          {name}
        </Button>
        {data && <DataLink name={name.replace(/\.\w+$/, ".json")} json={data} />}
      </figcaption>
    </figure>
  );
}
