import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FileDropzone from "@cloudscape-design/components/file-dropzone";
import FileInput from "@cloudscape-design/components/file-input";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { fileAddress } from "@/api/client";
import { useDeleteFile, useFiles } from "@/api/queries";
import { bytes } from "@/lib/format";

interface Props {
  sessionId: string | null;
  uploading: boolean;
  onUpload: (files: File[]) => void;
}

/** What the program finds in its working directory, and how more gets there. */
export function FilesPanel({ sessionId, uploading, onUpload }: Props) {
  const { data: files = [] } = useFiles(sessionId);
  const remove = useDeleteFile(sessionId);
  return (
    <Container
      header={
        <Header variant="h2" counter={files.length > 0 ? `(${files.length})` : undefined}>
          Files
        </Header>
      }
    >
      <SpaceBetween size="m">
        {files.length > 0 && (
          <ul className="aci-files">
            {files.map((file) => (
              <li key={file.path}>
                <div>
                  <div className="aci-file-name" title={file.path}>
                    {file.path}
                  </div>
                  <Box color="text-body-secondary" fontSize="body-s">
                    {bytes(file.size)} · {file.job_id ? "written by a run" : "uploaded"}
                  </Box>
                </div>
                <Button
                  variant="icon"
                  iconName="download"
                  ariaLabel={`Download ${file.path}`}
                  href={fileAddress(sessionId ?? "", file.path)}
                  download={file.path.split("/").at(-1) ?? file.path}
                />
                <Button
                  variant="icon"
                  iconName="remove"
                  ariaLabel={`Delete ${file.path}`}
                  disabled={remove.isPending}
                  onClick={() => remove.mutate(file.path)}
                />
              </li>
            ))}
          </ul>
        )}
        <FileDropzone onChange={({ detail }) => onUpload(detail.value)}>
          <SpaceBetween size="xxs" alignItems="center">
            {uploading ? (
              <StatusIndicator type="in-progress">Uploading</StatusIndicator>
            ) : (
              <FileInput multiple ariaLabel="Choose files" value={[]} onChange={({ detail }) => onUpload(detail.value)}>
                Choose files
              </FileInput>
            )}
            <Box color="text-body-secondary" fontSize="body-s" textAlign="center">
              or drop them here; the code can open them by name
            </Box>
          </SpaceBetween>
        </FileDropzone>
      </SpaceBetween>
    </Container>
  );
}
