import { useEffect } from "react";
import { feedOf, type JobFeed, watchJob } from "@/api/job-feed";
import { NEW_JOB } from "@/api/job-state";
import type { Job } from "@/api/types";
import { Store, useStore } from "@/lib/store";

const NO_JOB = new Store<JobFeed>({ job: NEW_JOB, connection: "closed", refused: null });

/** What is known of a job, up to this moment. */
export function useJob(job: Job | null): JobFeed {
  // biome-ignore lint/correctness/useExhaustiveDependencies: a job that was listed anew is still the same job
  useEffect(() => (job ? watchJob(job) : undefined), [job?.id]);
  return useStore(job ? feedOf(job) : NO_JOB);
}

/** Whether there is such a job, and it has not ended. */
export function useIsActive(job: Job | null): boolean {
  const feed = useJob(job);
  return job !== null && feed.refused === null && feed.job.phase.kind !== "ended";
}
