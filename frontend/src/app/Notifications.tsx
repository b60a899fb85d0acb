import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { brokenStreams } from "@/api/job-feed";
import { useReadiness } from "@/api/queries";
import { dismiss, flashes } from "@/app/flashes";
import { useStore } from "@/lib/store";

/** The connection's state while it is bad, and what went wrong with what the user did. */
export function Notifications() {
  const broken = useStore(brokenStreams).size > 0;
  const { isError, failureCount } = useReadiness();
  const shown = useStore(flashes);
  const items: FlashbarProps.MessageDefinition[] = shown.map(({ id, title, detail, advice }) => ({
    id,
    type: "error",
    header: title,
    content: `${detail} ${advice}`,
    dismissible: true,
    dismissLabel: "Dismiss",
    onDismiss: () => dismiss(id),
  }));
  if (broken || isError || failureCount > 0) {
    items.unshift({
      id: "connection",
      type: "in-progress",
      header: "Reconnecting",
      content: "The service does not answer. What runs goes on running, and is shown from where it was.",
    });
  }
  return <Flashbar items={items} />;
}
