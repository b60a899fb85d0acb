import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { Notice } from "@/api/job-state";
import { never } from "@/lib/never";

/** What the user should know of the way in which a run was done. */
export function RunNotices({ notices }: { notices: readonly Notice[] }) {
  if (notices.length === 0) return null;
  return (
    <SpaceBetween size="xs">
      {notices.map((notice, at) => {
        const key = `${notice.kind}-${at}`;
        switch (notice.kind) {
          case "sandbox-started":
            return (
              <Box key={key} color="text-body-secondary" fontSize="body-s">
                A new sandbox was started for this session (tier {notice.tier}).
              </Box>
            );
          case "sandbox-reset":
            return (
              <Alert key={key} type="info" header="The interpreter was reset">
                {sentence(notice.reason)} Files are as they were; variables are gone.
              </Alert>
            );
          case "retried":
            return (
              <Alert key={key} type="warning" header="It was interrupted and started anew">
                {sentence(notice.reason)}
              </Alert>
            );
          case "model-fallback":
            return null;
          default:
            never(notice);
            return null;
        }
      })}
    </SpaceBetween>
  );
}

function sentence(text: string): string {
  const said = text.trim();
  if (!said) return "";
  return `${said[0]?.toUpperCase()}${said.slice(1)}${/[.!?]$/.test(said) ? "" : "."}`;
}
