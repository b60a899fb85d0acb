/** The names by which the page calls what the API speaks of. */
import type { components } from "@/api/schema";

type Schemas = components["schemas"];

export type Job = Schemas["JobView"];
export type JobProblem = Schemas["JobProblem"];
export type EventPage = Schemas["EventPage"];
export type JobEvent = EventPage["items"][number];
export type JobRequest = Schemas["GenerateJob"] | Schemas["ExecuteJob"] | Schemas["SolveJob"];
export type Agent = Schemas["AgentView"];
export type GenerateInput = Schemas["GenerateInput"];
export type ExecuteInput = Schemas["ExecuteInput"];
export type Fix = Schemas["Fix"];
export type Session = Schemas["SessionView"];
export type SessionFile = Schemas["FileView"];
export type Models = Schemas["ModelView"];
export type Readiness = Schemas["Readiness"];
export type Me = Schemas["Me"];
export type Problem = Schemas["Problem"];
export type CodeError = Pick<Schemas["CodeErrored"], "name" | "value" | "traceback" | "line" | "column">;
export type FileChange = Pick<Schemas["FileChanged"], "path" | "size" | "change">;

/** What happens to a job, besides what is in its log: the API sends these when it has them, and numbers none. */
export type QueueHint = { type: "queue.position"; job_id: string; position: number; eta_s: number | null };

/** The session is shown differently by now. */
export type SessionHint = { type: "session.updated"; session: Session };

const ENDED: ReadonlySet<Job["state"]> = new Set(["succeeded", "failed", "cancelled", "expired"]);

export function hasEnded(job: Job): boolean {
  return ENDED.has(job.state);
}

/** The program that a job was given or is about; "" where there is none. */
export function codeOf(job: Job): string {
  const { code } = job.input;
  return typeof code === "string" ? code : "";
}

/** What was asked of the agent, in the asker's words; of an agent that takes no words, what it was given. */
export function wishOf(job: Job): string {
  const { prompt, task } = job.input;
  if (typeof prompt === "string") return prompt;
  if (typeof task === "string") return task;
  return Object.entries(job.input)
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join("\n");
}

export function isFix(job: Job): boolean {
  return job.input.fix != null;
}
