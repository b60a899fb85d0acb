import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import { fileAddress } from "@/api/client";
import type { FileChange } from "@/api/types";
import { bytes } from "@/lib/format";

const WORDS = { created: "new", modified: "changed", deleted: "deleted" } as const;

/** The files that a run wrote. What is downloaded is the newest version. */
export function RunFiles({ sessionId, files }: { sessionId: string; files: readonly FileChange[] }) {
  if (files.length === 0) return null;
  return (
    <section aria-label="Files of this run">
      <Header variant="h3" headingTagOverride="h2" counter={`(${files.length})`}>
        Files
      </Header>
      <ul className="aci-files">
        {files.map((file) => (
          <li key={file.path}>
            <div>
              <div className="aci-file-name" title={file.path}>
                {file.path}
              </div>
              <Box color="text-body-secondary" fontSize="body-s">
                {WORDS[file.change]}
                {file.change !== "deleted" && ` · ${bytes(file.size)}`}
              </Box>
            </div>
            {file.change !== "deleted" && (
              <Button
                variant="icon"
                iconName="download"
                ariaLabel={`Download ${file.path}`}
                href={fileAddress(sessionId, file.path)}
                download={file.path.split("/").at(-1) ?? file.path}
              />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
