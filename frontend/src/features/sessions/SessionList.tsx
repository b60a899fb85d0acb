import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SideNavigation, { type SideNavigationProps } from "@cloudscape-design/components/side-navigation";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useSessions } from "@/api/queries";
import { groupByDay, titleOf } from "@/features/sessions/group-by-day";

interface Props {
  current: string | null;
  addressOf: (sessionId: string | null) => string;
  onOpen: (sessionId: string | null) => void;
}

/** All sessions by the day on which they were begun, and the way to a new one. */
export function SessionList({ current, addressOf, onOpen }: Props) {
  const { data, isPending, isError, hasNextPage, fetchNextPage, isFetchingNextPage } = useSessions();
  const sessions = data?.pages.flatMap((page) => page.items) ?? [];
  const ids = new Map(sessions.map((session) => [addressOf(session.id), session.id]));
  const items: SideNavigationProps.Item[] = groupByDay(sessions).map((day) => ({
    type: "section-group",
    title: day.name,
    items: day.sessions.map((session) => ({ type: "link", text: titleOf(session), href: addressOf(session.id) })),
  }));
  return (
    <nav aria-label="Sessions" className="aci-sessions">
      <div className="aci-sessions-top">
        <Button iconName="add-plus" fullWidth onClick={() => onOpen(null)}>
          New session
        </Button>
      </div>
      <SideNavigation
        activeHref={current === null ? "" : addressOf(current)}
        items={items}
        onFollow={(event) => {
          event.preventDefault();
          const id = ids.get(event.detail.href);
          if (id) onOpen(id);
        }}
      />
      <Box padding={{ horizontal: "xl", bottom: "l" }}>
        <SpaceBetween size="s">
          {isPending && <StatusIndicator type="loading">Loading sessions</StatusIndicator>}
          {isError && <StatusIndicator type="error">Sessions could not be loaded</StatusIndicator>}
          {data && sessions.length === 0 && <Box color="text-body-secondary">Sessions will be listed here.</Box>}
          {hasNextPage && (
            <Button variant="inline-link" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              Show older sessions
            </Button>
          )}
        </SpaceBetween>
      </Box>
    </nav>
  );
}
