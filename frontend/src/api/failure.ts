/** Why a job came to nothing, and what its user can do about it. */
import type { Explained } from "@/api/errors";
import type { Job } from "@/api/types";

const ADVICE: Readonly<Record<string, string>> = {
  "user-code-error": "Look at the marked line, or let the AI mend it.",
  timeout: "Give it more time, or make the program do less.",
  "memory-limit": "Read the data in parts, or keep less of it at a time.",
  "output-limit": "Print less, or write it to a file.",
  "sandbox-unavailable": "Wait a moment and run it again. Files are kept.",
  "model-unavailable": "Wait a moment and try again. The service's settings name the models that it asks.",
  "content-refused": "Put the request in other words.",
  "budget-exceeded": "Ask whoever runs the service to raise the limit.",
  "attempts-exhausted": "The workers failed again and again on it. Try again, or change what it does.",
};

/** Null for a job that did not fail. */
export function explainFailure(job: Job): Explained | null {
  if (job.state === "expired") {
    return { title: "Too late", detail: "Its deadline passed before it could finish.", advice: "Start it again." };
  }
  if (job.state !== "failed") return null;
  const { type, title, detail } = job.error ?? { type: "internal", title: "It failed", detail: "" };
  return { title, detail, advice: ADVICE[type] ?? "Try again." };
}
