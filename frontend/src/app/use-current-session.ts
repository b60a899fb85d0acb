import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { createSession } from "@/api/client";
import { askAnew, keys } from "@/api/queries";
import { adoptDraft } from "@/app/drafts";
import { goTo } from "@/app/location";
import { firstWords } from "@/lib/format";

/**
 * The session that is looked at. A new one is written down only when there is something to put into it: `ensure`
 * gives the present one, or begins one under the title, of which `begun` hears before the page shows it.
 */
export function useCurrentSession(
  sessionId: string | null,
  begun: (id: string) => void,
): (title: string) => Promise<string> {
  const queries = useQueryClient();
  const beginning = useRef<Promise<string> | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the next new session is another one
  useEffect(() => {
    beginning.current = null;
  }, [sessionId]);

  return useCallback(
    (title: string) => {
      if (sessionId) return Promise.resolve(sessionId);
      beginning.current ??= createSession(firstWords(title))
        .then((session) => {
          queries.setQueryData(keys.session(session.id), session);
          queries.setQueryData(keys.jobs(session.id), {
            pages: [{ items: [], next_cursor: null }],
            pageParams: [undefined],
          });
          void askAnew(queries, keys.sessions);
          adoptDraft(session.id);
          begun(session.id);
          goTo({ sessionId: session.id }, "replace");
          return session.id;
        })
        .catch((error: unknown) => {
          beginning.current = null;
          throw error;
        });
      return beginning.current;
    },
    [sessionId, queries, begun],
  );
}
