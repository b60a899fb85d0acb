import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { markBroken } from "@/api/job-feed";
import { watchSession } from "@/api/live";
import { askAnew, keys } from "@/api/queries";

/** Keeps what is listed of a session up to date: its name, and jobs that were begun in another tab or by a program. */
export function useLiveSession(sessionId: string | null): void {
  const queries = useQueryClient();
  useEffect(() => {
    if (sessionId === null) return;
    const leave = watchSession(sessionId, {
      onSession: (session) => {
        queries.setQueryData(keys.session(session.id), session);
        void askAnew(queries, keys.jobs(session.id));
        void askAnew(queries, keys.sessions);
      },
      onConnection: (connection) => markBroken(sessionId, connection === "reconnecting"),
    });
    return () => {
      leave();
      markBroken(sessionId, false);
    };
  }, [queries, sessionId]);
}
