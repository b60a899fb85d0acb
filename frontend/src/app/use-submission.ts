import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef, useState } from "react";
import { cancelJob, retryJob, submitJob } from "@/api/client";
import { addJob } from "@/api/queries";
import type { Job, JobRequest } from "@/api/types";
import { flashError } from "@/app/flashes";

type Request = JobRequest extends infer One
  ? One extends unknown
    ? Pick<One & JobRequest, "agent" | "input">
    : never
  : never;

export interface Submission {
  /** A job is on its way to the service. */
  readonly sending: boolean;
  readonly submit: (session: () => Promise<string>, request: Request) => Promise<Job | null>;
  /** Sends what `submit` has no type for. */
  readonly send: (post: () => Promise<Job | null>) => Promise<Job | null>;
  readonly retry: (job: Job) => Promise<Job | null>;
  /** Stops what is on its way, even before the service has answered that it has it. */
  readonly stop: () => void;
}

/** Sends jobs of one kind, one at a time. */
export function useSubmission(): Submission {
  const queries = useQueryClient();
  const [sending, setSending] = useState(false);
  const stopped = useRef(false);

  const send = useCallback(
    async (post: () => Promise<Job | null>): Promise<Job | null> => {
      stopped.current = false;
      setSending(true);
      try {
        const job = await post();
        if (!job) return null;
        if (job.session_id) addJob(queries, job.session_id, job);
        if (stopped.current) await cancelJob(job.id);
        return job;
      } catch (error) {
        flashError(error);
        return null;
      } finally {
        setSending(false);
      }
    },
    [queries],
  );

  const submit = useCallback<Submission["submit"]>(
    (session, request) =>
      send(async () => {
        const session_id = await session();
        return stopped.current ? null : submitJob({ ...request, session_id } as JobRequest);
      }),
    [send],
  );
  const retry = useCallback((job: Job) => send(() => retryJob(job.id)), [send]);
  const stop = useCallback(() => {
    stopped.current = true;
  }, []);
  return { sending, submit, send, retry, stop };
}
