import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import { useState } from "react";
import type { Session } from "@/api/types";
import { titleOf } from "@/features/sessions/group-by-day";
import { RenameSession } from "@/features/sessions/RenameSession";

/** The session's name, and a pencil to change it. */
export function SessionTitle({ session, isNew }: { session: Session | undefined; isNew: boolean }) {
  const [renaming, setRenaming] = useState(false);
  return (
    <div className="aci-title">
      <Box variant="h1" fontSize="heading-l" padding="n">
        {isNew ? "New session" : session ? titleOf(session) : " "}
      </Box>
      {session && (
        <Button variant="icon" iconName="edit" ariaLabel="Rename this session" onClick={() => setRenaming(true)} />
      )}
      {session && renaming && <RenameSession session={session} onClose={() => setRenaming(false)} />}
    </div>
  );
}
