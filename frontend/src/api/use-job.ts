import { useEffect } from "react";
import { feedOf, type JobFeed, watchJob } from "@/api/job-feed";
import { NEW_JOB } from "@/api/job-state";
import type { Job } from "@/api/types";
import { Store, useStorePart } from "@/lib/store";

const NO_JOB = new Store<JobFeed>({ job: NEW_JOB, connection: "closed", refused: null });

/** What is known of a job, up to this moment. */
export function useJob(job: Job | null): JobFeed {
  return useJobPart(job, (feed) => feed);
}

/**
 * A part of what is known of a job. A job tells much in a second, and whoever needs only to know whether it goes on is not
 * drawn anew for each word of it. The part must be the same value as long as nothing of it has changed.
 */
export function useJobPart<P>(job: Job | null, part: (feed: JobFeed) => P): P {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that was listed anew is still the same job
  useEffect(() => (job ? watchJob(job) : undefined), [job?.id]);
  return useStorePart(job ? feedOf(job) : NO_JOB, part);
}

/** Whether there is such a job, and it has not ended. */
export function useIsActive(job: Job | null): boolean {
  const goesOn = useJobPart(job, (feed) => feed.refused === null && feed.job.phase.kind !== "ended");
  return job !== null && goesOn;
}
