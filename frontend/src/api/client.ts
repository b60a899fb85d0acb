/** Every request of the page, typed by the API's own document. Whatever is not a success is thrown. */
import createClient, { type Middleware } from "openapi-fetch";
import { problemOf, UnreachableError } from "@/api/errors";
import type { paths } from "@/api/schema";
import { addCsrfToken, askAgainWhoIAm, refused } from "@/api/sign-in";
import type { Agent, EventPage, Job, JobEvent, JobRequest, Models, Readiness, Session, SessionFile } from "@/api/types";

const sentAt = new Map<string, number>();

const throwing: Middleware = {
  async onRequest({ request, id }) {
    await addCsrfToken(request);
    sentAt.set(id, performance.now());
  },
  async onResponse({ response, id }) {
    const sent = sentAt.get(id) ?? 0;
    sentAt.delete(id);
    if (response.status === 401) refused(sent);
    if (response.ok || (response.status === 503 && response.url.endsWith("/readyz"))) return;
    const problem = await problemOf(response);
    if (problem.slug === "csrf-token-wrong") askAgainWhoIAm();
    throw problem;
  },
  onError({ error, id }) {
    sentAt.delete(id);
    return new UnreachableError(error);
  },
};

const client = createClient<paths>({
  baseUrl: globalThis.location.origin,
  headers: { Accept: "application/json" },
  fetch: (request) => globalThis.fetch(request),
});
client.use(throwing);

export const PAGE_OF_SESSIONS = 30;
export const PAGE_OF_JOBS = 50;
const PAGE_OF_EVENTS = 1000;

/** The data of an answer that is a success, and therefore has some. */
function got<T>({ data }: { data?: T }): T {
  if (data === undefined) throw new Error("The answer was empty.");
  return data;
}

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

export async function listSessions(cursor?: string): Promise<Page<Session>> {
  return got(await client.GET("/v1/sessions", { params: { query: { limit: PAGE_OF_SESSIONS, cursor } } }));
}

export async function getSession(session_id: string): Promise<Session> {
  return got(await client.GET("/v1/sessions/{session_id}", { params: { path: { session_id } } }));
}

export async function createSession(title: string): Promise<Session> {
  return got(await client.POST("/v1/sessions", { body: { title } }));
}

export async function renameSession(session_id: string, title: string): Promise<Session> {
  return got(await client.PATCH("/v1/sessions/{session_id}", { params: { path: { session_id } }, body: { title } }));
}

export async function listFiles(session_id: string): Promise<SessionFile[]> {
  return got(await client.GET("/v1/sessions/{session_id}/files", { params: { path: { session_id } } })).items;
}

export async function deleteFile(session_id: string, path: string): Promise<void> {
  await client.DELETE("/v1/sessions/{session_id}/files/{path}", { params: { path: { session_id, path } } });
}

export async function uploadFiles(session_id: string, files: readonly File[]): Promise<SessionFile[]> {
  const form = new FormData();
  for (const file of files) form.append("file", file, file.name);
  const sent = client.POST("/v1/sessions/{session_id}/files", {
    params: { path: { session_id } },
    body: { file: [] },
    bodySerializer: () => form,
  });
  return got(await sent).items;
}

export async function listJobs(session_id: string, cursor?: string): Promise<Page<Job>> {
  return got(await client.GET("/v1/jobs", { params: { query: { session_id, limit: PAGE_OF_JOBS, cursor } } }));
}

export async function submitJob(body: JobRequest): Promise<Job> {
  return got(await client.POST("/v1/jobs", { body }));
}

export async function cancelJob(job_id: string): Promise<Job> {
  return got(await client.POST("/v1/jobs/{job_id}/cancel", { params: { path: { job_id } } }));
}

/** Answers what the job asks. A conflict says that somebody else did, or that nobody waits for it any more. */
export async function answerJob(job_id: string, request: string, text: string): Promise<void> {
  await client.POST("/v1/jobs/{job_id}/input", { params: { path: { job_id } }, body: { request, text } });
}

export async function retryJob(job_id: string): Promise<Job> {
  return got(await client.POST("/v1/jobs/{job_id}/retry", { params: { path: { job_id } } }));
}

/** All events of a job up to now that come after a number. */
export async function listEvents(job_id: string, seen = 0): Promise<JobEvent[]> {
  const events: JobEvent[] = [];
  let after = seen;
  for (;;) {
    const params = { path: { job_id }, query: { after, limit: PAGE_OF_EVENTS } };
    // The route answers with a stream as well, so its document leaves the type of a page open.
    const page = got(await client.GET("/v1/jobs/{job_id}/events", { params })) as EventPage;
    events.push(...page.items);
    if (page.next_after === null) return events;
    after = page.next_after;
  }
}

export async function listAgents(): Promise<Agent[]> {
  return got(await client.GET("/v1/agents")).items;
}

/** A job of an agent that the page was not built with: its shape is known to the service alone. */
export async function submitJobOf(agent: string, input: Record<string, unknown>, session_id: string): Promise<Job> {
  return submitJob({ agent, input, session_id } as unknown as JobRequest);
}

export async function getModels(): Promise<Models> {
  return got(await client.GET("/v1/models"));
}

/** An unready service says what is wrong with a 503, and that is an answer too. */
export async function getReadiness(): Promise<Readiness> {
  const { data, error } = await client.GET("/readyz");
  if (data) return data;
  return error as Readiness;
}

export function artifactAddress(jobId: string, name: string): string {
  return `/v1/jobs/${encodeURIComponent(jobId)}/artifacts/${encodeURIComponent(name)}`;
}

export function fileAddress(sessionId: string, path: string): string {
  const segments = path.split("/").map(encodeURIComponent).join("/");
  return `/v1/sessions/${encodeURIComponent(sessionId)}/files/${segments}`;
}
