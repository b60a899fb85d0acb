import AppLayout from "@cloudscape-design/components/app-layout";
import Button from "@cloudscape-design/components/button";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { explain } from "@/api/errors";
import { lastEnded } from "@/api/job-feed";
import { refreshAfter, useSession } from "@/api/queries";
import { useLiveSession } from "@/api/use-live-session";
import { Announcer } from "@/app/Announcer";
import { addressOf, goTo, usePlace } from "@/app/location";
import { Notifications } from "@/app/Notifications";
import { ServiceStatus } from "@/app/ServiceStatus";
import { SessionTabs } from "@/app/SessionTabs";
import { useSessionWork } from "@/app/use-session-work";
import { titleOf } from "@/features/sessions/group-by-day";
import { SessionList } from "@/features/sessions/SessionList";
import { SessionTitle } from "@/features/sessions/SessionTitle";
import { remember, remembered } from "@/lib/remembered";
import { WhatToDo } from "@/ui/WhatToDo";

const NARROW = window.matchMedia("(max-width: 912px)");
const NAVIGATION = "navigation";

/** The page of a session. */
export function Workspace() {
  const { sessionId, tab } = usePlace();
  const session = useSession(sessionId);
  const work = useSessionWork(sessionId);
  const [navigationOpen, setNavigationOpen] = useState(() => !NARROW.matches && remembered(NAVIGATION) !== "closed");
  useRefreshAfterJobs();
  useLiveSession(sessionId);

  useEffect(() => {
    document.title = session.data ? `${titleOf(session.data)} – Code Interpreter` : "Code Interpreter";
  }, [session.data]);

  const openSession = (id: string | null) => {
    if (NARROW.matches) setNavigationOpen(false);
    goTo({ sessionId: id, tab: "generator" });
  };
  const lost = session.error ?? work.jobsError;

  return (
    <AppLayout
      headerSelector="#top"
      toolsHide
      maxContentWidth={1360}
      stickyNotifications
      notifications={<Notifications />}
      navigationWidth={264}
      navigationOpen={navigationOpen}
      onNavigationChange={({ detail }) => {
        setNavigationOpen(detail.open);
        if (!NARROW.matches) remember(NAVIGATION, detail.open ? null : "closed");
      }}
      navigation={
        <SessionList
          current={sessionId}
          addressOf={(id) => addressOf({ sessionId: id, tab: "generator" })}
          onOpen={openSession}
        />
      }
      content={
        <div className="aci-page">
          <header className="aci-header">
            <SessionTitle session={session.data} isNew={sessionId === null} />
            <ServiceStatus />
          </header>
          {lost && sessionId ? (
            <WhatToDo {...explain(lost)} action={<Button onClick={() => openSession(null)}>New session</Button>} />
          ) : (
            <SessionTabs sessionId={sessionId} tab={tab} work={work} />
          )}
          <Announcer prompt={work.newestPrompt} run={work.newestRun} />
        </div>
      }
    />
  );
}

/** A job that ends changes what is listed elsewhere: its session's files, its place among the jobs. */
function useRefreshAfterJobs(): void {
  const queries = useQueryClient();
  useEffect(
    () =>
      lastEnded.subscribe(() => {
        const job = lastEnded.get();
        if (job) refreshAfter(queries, job);
      }),
    [queries],
  );
}
