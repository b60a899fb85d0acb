/** Everything that can be done in a session, and what is known of it: what the three tabs share. */
import { useEffect, useMemo, useState } from "react";
import { cancelJob, submitJobOf } from "@/api/client";
import { useJobs, useUpload } from "@/api/queries";
import { type CodeError, codeOf, type GenerateInput, isFix, type Job } from "@/api/types";
import { useIsActive } from "@/api/use-job";
import { changeDraft, useDraft } from "@/app/drafts";
import { flashError } from "@/app/flashes";
import { goTo } from "@/app/location";
import { useCurrentSession } from "@/app/use-current-session";
import { useRunOptions } from "@/app/use-run-options";
import { useSubmission } from "@/app/use-submission";
import { answersOf } from "@/features/editor/run-options";
import { type Example, exampleFiles } from "@/features/generate/examples";
import { firstWords } from "@/lib/format";
import { inputCalls } from "@/lib/input-calls";

const LONGEST_ERROR = 20_000;
const MAX_TURNS = 12;

export type SessionWork = ReturnType<typeof useSessionWork>;

export function useSessionWork(sessionId: string | null) {
  const jobs = useSessionJobs(sessionId);
  const [draft, setDraft] = useDraft(sessionId);
  const { options, setOptions, adoptOptions, started } = useRunOptions(sessionId);
  const [changing, setChanging] = useState(false);
  const [asked, setAsked] = useState("generate");
  const [picked, setPicked] = useState<string | null>(null);
  const ensureSession = useCurrentSession(sessionId, adoptOptions);
  const generating = useSubmission();
  const running = useSubmission();
  const upload = useUpload();

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was picked belongs to the session that was left
  useEffect(() => {
    setPicked(null);
    setChanging(false);
  }, [sessionId]);

  const [newestPrompt = null] = jobs.prompts ?? [];
  const [newestRun = null] = jobs.runs ?? [];
  const isGenerating = useIsActive(newestPrompt) || generating.sending;
  const isRunning = useIsActive(newestRun) || running.sending;
  const code = draft.code ?? lastCode(newestPrompt, newestRun);

  const generate = (input: GenerateInput, title = input.prompt) =>
    generating.submit(() => ensureSession(title), { agent: "generate", input });

  const send = async () => {
    const prompt = (draft.prompt ?? "").trim();
    const job =
      asked === "solve"
        ? await generating.submit(() => ensureSession(prompt), {
            agent: "solve",
            input: { task: prompt, max_turns: MAX_TURNS },
          })
        : await generate({ prompt, ...(changing && code.trim() ? { base_code: code } : {}) });
    // The words are kept until the service has them; by now they may belong to a session that is a moment old.
    if (job) changeDraft(job.session_id, { prompt: "" });
  };

  const start = (agent: string, input: Record<string, unknown>) =>
    generating.send(async () => submitJobOf(agent, input, await ensureSession(agent)));

  const run = async (program: string) => {
    setPicked(null);
    goTo({ tab: "results" });
    const answers = answersOf(options);
    const asks = inputCalls(program).length > 0;
    await running.submit(() => ensureSession(titleOf(program)), {
      agent: "execute",
      input: {
        code: program,
        timeout_s: options.timeoutS,
        reset: options.reset,
        ...(asks && answers.length > 0 ? { inputs: answers } : {}),
      },
    });
    started();
  };

  const open = (program: string) => {
    setDraft({ code: program });
    goTo({ tab: "editor" });
  };

  const uploadFiles = async (files: readonly File[]) => {
    if (files.length === 0) return;
    try {
      const id = await ensureSession(files[0]?.name ?? "Files");
      await upload.mutateAsync({ sessionId: id, files });
    } catch (error) {
      flashError(error);
    }
  };

  const example = async (chosen: Example) => {
    try {
      const files = await exampleFiles(chosen);
      const id = await ensureSession(chosen.title);
      if (files.length > 0) await upload.mutateAsync({ sessionId: id, files });
      await generating.submit(async () => id, { agent: "generate", input: { prompt: chosen.prompt } });
    } catch (error) {
      flashError(error);
    }
  };

  const fix = async (failed: Job, error: CodeError) => {
    goTo({ tab: "generator" });
    const last = `${error.name}: ${error.value}`;
    const said = error.traceback.length > 0 ? error.traceback.join("\n") : last;
    await generate({
      prompt: `Fix this error: ${firstWords(last, 300)}`,
      fix: { code: codeOf(failed), error: said.slice(-LONGEST_ERROR) },
    });
  };

  const stop = (job: Job | null, submission: { stop: () => void }) => {
    submission.stop();
    if (job) cancelJob(job.id).catch(flashError);
  };

  return {
    ...jobs,
    newestPrompt,
    newestRun,
    isGenerating,
    isRunning,
    isSendingRun: running.sending,
    isUploading: upload.isPending,
    code,
    setCode: (next: string) => setDraft({ code: next }),
    prompt: draft.prompt ?? "",
    setPrompt: (next: string) => setDraft({ prompt: next }),
    options,
    setOptions,
    changing: code.trim() === "" ? null : changing,
    setChanging,
    asked,
    setAsked,
    start,
    picked,
    setPicked,
    send,
    stopGenerating: () => stop(activeOf(newestPrompt, generating.sending), generating),
    retryPrompt: (job: Job) => generating.retry(job),
    run,
    /** A program that asks needs its answers first. */
    runOrAsk: (program: string) => {
      setDraft({ code: program });
      if (inputCalls(program).length > 0 && options.answers === "") goTo({ tab: "editor" });
      else void run(program);
    },
    runAgain: (job: Job) => {
      setPicked(null);
      void running.retry(job);
    },
    stopRunning: () => stop(activeOf(newestRun, running.sending), running),
    stopRun: (job: Job) => stop(job, running),
    open,
    uploadFiles,
    example,
    fix,
  };
}

/** The jobs of a session by what they are, newest first; undefined while they are loaded. */
function useSessionJobs(sessionId: string | null) {
  const { data, isError, error, hasNextPage, fetchNextPage } = useJobs(sessionId);
  const all = useMemo(() => (sessionId === null ? [] : data?.pages.flatMap((page) => page.items)), [sessionId, data]);
  const prompts = useMemo(() => all?.filter((job) => job.agent !== "execute"), [all]);
  const runs = useMemo(() => all?.filter((job) => job.agent === "execute"), [all]);
  return {
    prompts,
    runs,
    jobsError: isError ? error : null,
    hasEarlier: hasNextPage,
    loadEarlier: () => void fetchNextPage(),
  };
}

/** While a new job is on its way, the newest one that is known is the one before it: not the one to be stopped. */
function activeOf(newest: Job | null, sending: boolean): Job | null {
  return sending ? null : newest;
}

/** The program that was in hand last, for a session that was opened elsewhere. */
function lastCode(prompt: Job | null, run: Job | null): string {
  const written = prompt?.result?.code;
  if (prompt && typeof written === "string" && (!run || prompt.created_at > run.created_at) && !isFix(prompt)) {
    return written;
  }
  return run ? codeOf(run) : typeof written === "string" ? written : "";
}

/** What to call a session that begins with a program: its first comment, or its first line that does something. */
function titleOf(program: string): string {
  const comment = /^#+\s*(\S.*)$/m.exec(program)?.[1];
  const line = program.split("\n").find((one) => one.trim() && !/^\s*(import|from)\s/.test(one));
  return comment ?? line?.trim() ?? "A run";
}
