import FormField from "@cloudscape-design/components/form-field";
import Textarea from "@cloudscape-design/components/textarea";
import { plural } from "@/lib/format";
import type { InputCall } from "@/lib/input-calls";

interface Props {
  calls: readonly InputCall[];
  answers: string;
  onAnswers: (answers: string) => void;
}

/** What the program is told when it asks; only there for programs that do. */
export function AnswersField({ calls, answers, onAnswers }: Props) {
  const asked = calls.map((call) => (call.prompt ? `“${call.prompt}”` : `line ${call.line}`)).join(", ");
  return (
    <FormField
      label="Answers to input()"
      description={`This program asks in ${plural(calls.length, "place")}: ${asked}. One answer a line, in order; past them it asks while it runs.`}
    >
      <Textarea
        value={answers}
        rows={Math.min(6, Math.max(2, calls.length))}
        spellcheck={false}
        onChange={({ detail }) => onAnswers(detail.value)}
      />
    </FormField>
  );
}
