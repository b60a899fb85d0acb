import { type FormEvent, useId, useState } from "react";
import { answerJob } from "@/api/client";
import { explain, ProblemError } from "@/api/errors";
import type { Question } from "@/api/job-state";

/** What the program asks, where it asked it: a line to type into until somebody, in whichever tab, has answered. */
export function QuestionView({ jobId, question }: { jobId: string; question: Question }) {
  const id = useId();
  const prompt = question.prompt.trim() || "The program waits for a line.";
  return (
    <div className="aci-terminal aci-question">
      <label htmlFor={id}>{prompt}</label>
      {question.state === "open" ? (
        <AnswerLine id={id} jobId={jobId} question={question} />
      ) : (
        <output id={id} className="aci-t-dim">
          {question.state === "answered" ? "answered" : "no longer asked"}
        </output>
      )}
    </div>
  );
}

function AnswerLine({ id, jobId, question }: { id: string; jobId: string; question: Question }) {
  const [text, setText] = useState("");
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setSending(true);
    setProblem(null);
    try {
      // The line goes away with the event that says the answer was received.
      await answerJob(jobId, question.request, text);
    } catch (error) {
      const tooLate = error instanceof ProblemError && error.status === 409;
      setProblem(tooLate ? "It was answered already, or is no longer asked." : explain(error).title);
      setSending(tooLate);
    }
  };
  return (
    <form onSubmit={send}>
      <input
        id={id}
        type={question.password ? "password" : "text"}
        value={text}
        maxLength={10_000}
        disabled={sending}
        // biome-ignore lint/a11y/noAutofocus: the program waits for exactly this
        autoFocus
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => setText(target.value)}
      />
      <span id={`${id}-note`} className="aci-t-dim" role="status">
        {problem ?? (sending ? "Sending …" : "Enter answers")}
      </span>
    </form>
  );
}
