/**
 * From a job's events to what is shown of it: one pure function, the same for a job that ended last week and for one
 * that is running. An event that was seen already changes nothing, so a stream may repeat itself.
 */
import { type CodeError, type FileChange, hasEnded, type Job, type JobEvent, type QueueHint } from "@/api/types";
import { never } from "@/lib/never";

export type Phase =
  | { kind: "queued"; position?: number; etaS?: number | null }
  | { kind: "running"; since: string }
  | { kind: "retrying"; reason: string; nextAttemptAt: string }
  | { kind: "ended"; job: Job };

/** Text keeps its order among figures and tables. */
export type Block = { kind: "text"; pieces: readonly TextPiece[] } | OutputBlock | Question;

export interface OutputBlock {
  readonly kind: "output";
  /** Its place among the run's outputs, where the run says it: one of the same number replaces it. */
  readonly number: number | null;
  /** Empty once the output was taken away. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly executionCount: number | null;
}

/** What the program asks. It is over when nobody waits for the answer any more. */
export interface Question {
  readonly kind: "question";
  readonly request: string;
  readonly prompt: string;
  readonly password: boolean;
  readonly state: "open" | "answered" | "over";
}

export interface TextPiece {
  readonly text: string;
  readonly error: boolean;
}

export type Notice =
  | { kind: "sandbox-started"; tier: string }
  | { kind: "sandbox-reset"; reason: string }
  | { kind: "model-fallback"; from: string; to: string; reason: string }
  | { kind: "retried"; reason: string };

export interface Progress {
  readonly message: string;
  readonly percent: number | null;
}

/** A program that an agent ran on its way to an answer. */
export interface Step {
  readonly number: number;
  /** What the agent said before it. */
  readonly said: string;
  readonly code: string;
  /** Null while it runs. */
  readonly ok: boolean | null;
  readonly blocks: readonly Block[];
  readonly error: CodeError | null;
}

export interface JobState {
  /** Number of the last event taken in. */
  readonly seq: number;
  readonly attempt: number;
  readonly phase: Phase;
  readonly progress: Progress | null;
  readonly model: string | null;
  /** What was said since the last step: of a job that has ended, its answer. */
  readonly explanation: string;
  readonly steps: readonly Step[];
  readonly code: string;
  readonly codeIsComplete: boolean;
  readonly blocks: readonly Block[];
  readonly error: CodeError | null;
  readonly files: readonly FileChange[];
  readonly notices: readonly Notice[];
}

const NOTHING_MADE = {
  progress: null,
  model: null,
  explanation: "",
  steps: [],
  code: "",
  codeIsComplete: false,
  blocks: [],
  error: null,
  files: [],
} as const satisfies Partial<JobState>;

export const NEW_JOB: JobState = { seq: 0, attempt: 0, phase: { kind: "queued" }, notices: [], ...NOTHING_MADE };

/** A job as it was listed, before any of its events is known. */
export function listedJob(job: Job): JobState {
  if (hasEnded(job)) return { ...NEW_JOB, phase: { kind: "ended", job } };
  if (job.state === "running" && job.started_at)
    return { ...NEW_JOB, phase: { kind: "running", since: job.started_at } };
  return NEW_JOB;
}

export function reduceJob(state: JobState, event: JobEvent | QueueHint): JobState {
  if (event.type === "queue.position") {
    if (state.phase.kind !== "queued") return state;
    return { ...state, phase: { kind: "queued", position: event.position, etaS: event.eta_s } };
  }
  if (event.seq <= state.seq) return state;
  return {
    ...state,
    ...(changeOfStep(event, state) ?? changeBy(event, state)),
    seq: event.seq,
    attempt: event.attempt,
  };
}

/** What an event changes in the step that runs; null where none does, or it is not of the step. */
function changeOfStep(event: JobEvent, state: JobState): Partial<JobState> | null {
  const step = state.steps.at(-1);
  if (step?.ok !== null) return null;
  const changed = (change: Partial<Step>) => ({ steps: [...state.steps.slice(0, -1), { ...step, ...change }] });
  if (event.type === "tool.finished") return changed({ ok: event.ok, blocks: closed(step.blocks) });
  if (!OF_A_RUN.has(event.type)) return null;
  const { blocks, error } = changeBy(event, { ...state, blocks: step.blocks });
  return changed({ ...(blocks && { blocks }), ...(error && { error }) });
}

const OF_A_RUN: ReadonlySet<JobEvent["type"]> = new Set([
  "stdout",
  "stderr",
  "output",
  "input.requested",
  "input.received",
  "error",
]);

/** What one event changes. */
function changeBy(event: JobEvent, state: JobState): Partial<JobState> {
  switch (event.type) {
    case "job.queued":
      return { phase: { kind: "queued" } };
    case "job.running":
      // A further attempt begins anew: what the broken one left half done is not shown beside it.
      return { phase: { kind: "running", since: event.at }, ...(event.attempt > 1 ? NOTHING_MADE : {}) };
    case "job.progress":
      return { progress: { message: event.message, percent: event.percent ?? null } };
    case "job.retrying":
      return {
        phase: { kind: "retrying", reason: event.reason, nextAttemptAt: event.next_attempt_at },
        notices: [...state.notices, { kind: "retried", reason: event.reason }],
      };
    case "model.selected":
      return { model: event.model };
    case "model.fallback":
      return {
        model: event.to,
        explanation: "",
        code: "",
        notices: [...state.notices, { kind: "model-fallback", from: event.from, to: event.to, reason: event.reason }],
      };
    case "text.delta":
      return { explanation: state.explanation + event.text };
    case "code.delta":
      return { code: state.code + event.text };
    case "code.reset":
      return { code: "", codeIsComplete: false };
    case "code.completed":
      return { code: event.code, explanation: event.explanation, codeIsComplete: true };
    case "stdout":
      return { blocks: withText(state.blocks, event.text, false) };
    case "stderr":
      return { blocks: withText(state.blocks, event.text, true) };
    case "output":
      return {
        blocks: withOutput(state.blocks, {
          kind: "output",
          number: event.number ?? null,
          data: event.data,
          executionCount: event.execution_count ?? null,
        }),
      };
    case "input.requested":
      return {
        blocks: [
          ...closed(state.blocks),
          {
            kind: "question",
            request: event.request,
            prompt: event.prompt,
            password: event.password,
            state: "open",
          },
        ],
      };
    case "input.received":
      return { blocks: closed(state.blocks, event.request) };
    case "error":
      return {
        error: {
          name: event.name,
          value: event.value,
          traceback: event.traceback,
          line: event.line,
          column: event.column,
        },
      };
    case "tool.started":
      return {
        progress: null,
        explanation: "",
        steps: [
          ...state.steps,
          { number: event.step, said: state.explanation, code: event.code, ok: null, blocks: [], error: null },
        ],
      };
    case "tool.finished":
      return {};
    case "sandbox.started":
      return { notices: [...state.notices, { kind: "sandbox-started", tier: event.tier }] };
    case "sandbox.reset":
      return { notices: [...state.notices, { kind: "sandbox-reset", reason: event.reason }] };
    case "file.changed":
      return { files: withFile(state.files, event) };
    case "job.succeeded":
    case "job.failed":
    case "job.cancelled":
    case "job.expired":
      return {
        phase: { kind: "ended", job: event.job },
        progress: null,
        blocks: closed(state.blocks),
        steps: state.steps.map((step) => (step.ok === null ? { ...step, ok: false } : step)),
      };
    default:
      // An API newer than the page may say more; that is counted, and passed over.
      never(event);
      return {};
  }
}

/** Blocks with more text at the end, in one piece with what came before it from the same stream. */
function withText(blocks: readonly Block[], text: string, error: boolean): readonly Block[] {
  const last = blocks.at(-1);
  if (last?.kind !== "text") return [...blocks, { kind: "text", pieces: [{ text, error }] }];
  const piece = last.pieces.at(-1);
  const pieces =
    piece && piece.error === error
      ? [...last.pieces.slice(0, -1), { text: piece.text + text, error }]
      : [...last.pieces, { text, error }];
  return [...blocks.slice(0, -1), { kind: "text", pieces }];
}

/** Blocks with an output at the end, or in the place of the one whose number it has. */
function withOutput(blocks: readonly Block[], output: OutputBlock): readonly Block[] {
  const isReplaced = (one: Block) => one.kind === "output" && one.number !== null && one.number === output.number;
  return blocks.some(isReplaced) ? blocks.map((one) => (isReplaced(one) ? output : one)) : [...blocks, output];
}

/** Blocks in which no question is open; the one with the name `answered` has its answer. */
function closed(blocks: readonly Block[], answered?: string): readonly Block[] {
  if (!blocks.some(isOpen)) return blocks;
  return blocks.map((block) =>
    isOpen(block) ? { ...block, state: block.request === answered ? "answered" : "over" } : block,
  );
}

function isOpen(block: Block): block is Question {
  return block.kind === "question" && block.state === "open";
}

/** The question that the program waits for the answer to. */
export function openQuestion(state: JobState): Question | null {
  return state.blocks.find(isOpen) ?? null;
}

/** Files with the newest word on each path. */
function withFile(files: readonly FileChange[], { path, size, change }: FileChange): readonly FileChange[] {
  return [...files.filter((one) => one.path !== path), { path, size, change }];
}

/** The job as it ended, or null while it has not. */
export function endOf(state: JobState): Job | null {
  return state.phase.kind === "ended" ? state.phase.job : null;
}
