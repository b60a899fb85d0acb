import Button from "@cloudscape-design/components/button";

/** The data behind a picture, to be kept as a file. */
export function DataLink({ name, json }: { name: string; json: string }) {
  return (
    <Button
      variant="inline-link"
      iconName="download"
      href={`data:application/json;charset=utf-8,${encodeURIComponent(json)}`}
      download={name}
      ariaLabel={`Download ${name}`}
    >
      {name}
    </Button>
  );
}
