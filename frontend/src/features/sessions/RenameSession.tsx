import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { explain } from "@/api/errors";
import { useRenameSession } from "@/api/queries";
import type { Session } from "@/api/types";

const LONGEST = 200;

export function RenameSession({ session, onClose }: { session: Session; onClose: () => void }) {
  const [title, setTitle] = useState(session.title);
  const rename = useRenameSession();
  const save = (event?: FormEvent) => {
    event?.preventDefault();
    const wanted = title.trim();
    if (wanted) rename.mutate({ id: session.id, title: wanted }, { onSuccess: onClose });
  };
  return (
    <Modal
      visible
      header="Rename session"
      closeAriaLabel="Close"
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={rename.isPending} disabled={!title.trim()} onClick={() => save()}>
              Save
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form onSubmit={save}>
        <FormField label="Name" errorText={rename.isError ? explain(rename.error).detail : undefined}>
          <Input
            value={title}
            autoFocus
            onChange={({ detail }) => setTitle(detail.value.slice(0, LONGEST))}
            nativeInputAttributes={{ maxLength: LONGEST }}
          />
        </FormField>
      </form>
    </Modal>
  );
}
