/** What the page keeps of the server's data, and when it asks again. */
import {
  type InfiniteData,
  type QueryClient,
  type QueryKey,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import {
  deleteFile,
  getModels,
  getReadiness,
  getSession,
  listAgents,
  listFiles,
  listJobs,
  listSessions,
  type Page,
  renameSession,
  uploadFiles,
} from "@/api/client";
import { ProblemError } from "@/api/errors";
import { whoAmI } from "@/api/sign-in";
import type { Job } from "@/api/types";

const READINESS_MS = 15_000;

export const keys = {
  sessions: ["sessions"] as const,
  session: (id: string) => ["session", id] as const,
  jobs: (sessionId: string) => ["jobs", sessionId] as const,
  files: (sessionId: string) => ["files", sessionId] as const,
  models: ["models"] as const,
  agents: ["agents"] as const,
  readiness: ["readiness"] as const,
  me: ["me"] as const,
};

/** A refusal is final; silence is not. */
export function worthAnotherTry(failures: number, error: Error): boolean {
  return failures < 3 && !(error instanceof ProblemError && error.status < 500 && error.status !== 429);
}

/**
 * Asks anew for what has changed. A question that is under way may have been answered before the change, so it is given
 * up; to invalidate alone would leave the first one be, and take its answer.
 */
export async function askAnew(queries: QueryClient, queryKey: QueryKey): Promise<void> {
  await queries.cancelQueries({ queryKey });
  await queries.invalidateQueries({ queryKey });
}

export function useSessions() {
  return useInfiniteQuery({
    queryKey: keys.sessions,
    queryFn: ({ pageParam }) => listSessions(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function useSession(id: string | null) {
  return useQuery({ queryKey: keys.session(id ?? ""), queryFn: () => getSession(id ?? ""), enabled: id !== null });
}

export function useRenameSession() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, title }: { id: string; title: string }) => renameSession(id, title),
    onSuccess: (session) => {
      queries.setQueryData(keys.session(session.id), session);
      return askAnew(queries, keys.sessions);
    },
  });
}

/** The jobs of a session, newest first. */
export function useJobs(sessionId: string | null) {
  return useInfiniteQuery({
    queryKey: keys.jobs(sessionId ?? ""),
    queryFn: ({ pageParam }) => listJobs(sessionId ?? "", pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    enabled: sessionId !== null,
  });
}

/** Puts a job that was just accepted where it will be listed. */
export function addJob(queries: QueryClient, sessionId: string, job: Job): void {
  queries.setQueryData<InfiniteData<Page<Job>, string | undefined>>(keys.jobs(sessionId), (before) => {
    const [first, ...others] = before?.pages ?? [];
    const items = [job, ...(first?.items ?? []).filter((one) => one.id !== job.id)];
    return {
      pages: [{ items, next_cursor: first?.next_cursor ?? null }, ...others],
      pageParams: before?.pageParams ?? [undefined],
    };
  });
}

/** Asks anew for what the end of a job has changed. */
export function refreshAfter(queries: QueryClient, job: Job): void {
  if (job.session_id === null) return;
  void askAnew(queries, keys.jobs(job.session_id));
  void askAnew(queries, keys.files(job.session_id));
  void askAnew(queries, keys.sessions);
}

export function useFiles(sessionId: string | null) {
  return useQuery({
    queryKey: keys.files(sessionId ?? ""),
    queryFn: () => listFiles(sessionId ?? ""),
    enabled: sessionId !== null,
  });
}

export function useUpload() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ sessionId, files }: { sessionId: string; files: readonly File[] }) => uploadFiles(sessionId, files),
    onSettled: (_files, _error, { sessionId }) => askAnew(queries, keys.files(sessionId)),
  });
}

export function useDeleteFile(sessionId: string | null) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (path: string) => deleteFile(sessionId ?? "", path),
    onSettled: () => askAnew(queries, keys.files(sessionId ?? "")),
  });
}

export function useModels() {
  return useQuery({ queryKey: keys.models, queryFn: getModels, refetchInterval: READINESS_MS });
}

/** Which agents there are changes when the service starts anew. */
export function useAgents() {
  return useQuery({ queryKey: keys.agents, queryFn: listAgents, staleTime: Number.POSITIVE_INFINITY });
}

export function useMe() {
  return useQuery({ queryKey: keys.me, queryFn: whoAmI });
}

export function useReadiness() {
  return useQuery({ queryKey: keys.readiness, queryFn: getReadiness, refetchInterval: READINESS_MS });
}
