/** What went wrong between the page and the service, in words that say what to do. */
import type { Problem } from "@/api/types";

/** The service answered, and the answer was no. */
export class ProblemError extends Error {
  readonly status: number;
  readonly slug: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string;
  readonly retryAfterS: number | null;

  constructor(problem: Problem, retryAfterS: number | null = null) {
    super(problem.detail);
    this.name = "ProblemError";
    this.status = problem.status;
    this.slug = problem.type.replace(/^.*\//, "");
    this.title = problem.title;
    this.detail = problem.detail;
    this.requestId = problem.request_id;
    this.retryAfterS = retryAfterS;
  }
}

/** No answer came. */
export class UnreachableError extends Error {
  constructor(cause: unknown) {
    super("The service did not answer.", { cause });
    this.name = "UnreachableError";
  }
}

export interface Explained {
  readonly title: string;
  readonly detail: string;
  readonly advice: string;
}

const ADVICE: Readonly<Record<number, string>> = {
  401: "Sign in again.",
  403: "Ask whoever runs this service, or sign in as somebody else.",
  404: "It may have been deleted. Open another session or begin a new one.",
  409: "Look at its present state, then try again.",
  413: "Use a smaller file, or split it.",
  422: "Change what is named here, then send it again.",
  429: "Wait a moment, then try again.",
  503: "Wait a moment, then try again. Nothing was lost.",
};

const SIGN_IN_CHANGED: Explained = {
  title: "The sign-in has changed",
  detail: "Somebody signed in or out in another tab.",
  advice: "Try again.",
};

export function explain(error: unknown): Explained {
  if (error instanceof ProblemError) {
    const id = error.status >= 500 && error.requestId ? ` Its number is ${error.requestId}.` : "";
    if (error.slug === "csrf-token-wrong") return SIGN_IN_CHANGED;
    const advice = ADVICE[error.status] ?? (error.status >= 500 ? `Try again.${id}` : "Try again.");
    return { title: error.title, detail: error.detail, advice };
  }
  if (error instanceof UnreachableError) {
    return {
      title: "The service can't be reached",
      detail: "No answer came back.",
      advice: "See whether it is still running and you are still connected, then try again.",
    };
  }
  const detail = error instanceof Error ? error.message : String(error);
  return { title: "Something went wrong in this page", detail, advice: "Refresh the page; nothing was lost." };
}

/** The error that an answer stands for, whatever its body is. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const after = Number.parseFloat(response.headers.get("retry-after") ?? "");
  const fallback: Problem = {
    type: "/problems/unknown",
    title: response.status >= 500 ? "The service has a problem" : "The request was refused",
    status: response.status,
    detail: `The answer was ${`${response.status} ${response.statusText}`.trimEnd()}.`,
    instance: "",
    request_id: response.headers.get("x-request-id") ?? "",
  };
  const isProblem = response.headers.get("content-type")?.includes("json") ?? false;
  const body: unknown = isProblem ? await response.json().catch(() => null) : null;
  const said = body !== null && typeof body === "object" ? (body as Partial<Problem>) : {};
  return new ProblemError({ ...fallback, ...said, status: response.status }, Number.isNaN(after) ? null : after);
}
