import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Textarea from "@cloudscape-design/components/textarea";
import Toggle from "@cloudscape-design/components/toggle";
import { useState } from "react";
import type { Agent } from "@/api/types";
import { type Field, fieldsOf, inputOf, type Values } from "@/features/generate/agent-fields";

interface Props {
  agent: Agent;
  busy: boolean;
  onStart: (input: Record<string, unknown>) => void;
}

/** Starts a job of an agent that the page was not built with: a form made from the schema of its input. */
export function AgentForm({ agent, busy, onStart }: Props) {
  const fields = fieldsOf(agent.input_schema);
  const [values, setValues] = useState<Values>({});
  const [tried, setTried] = useState(false);
  const { input, wrong } = inputOf(fields, values);
  return (
    <form
      aria-label={agent.title}
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (input && !busy) onStart(input);
      }}
    >
      <SpaceBetween size="s">
        <Box color="text-body-secondary">{agent.description}</Box>
        {fields.map((field) => (
          <FormField
            key={field.name}
            label={field.needed ? field.title : `${field.title} (optional)`}
            description={field.description}
            errorText={tried ? wrong[field.name] : undefined}
          >
            <Control
              field={field}
              value={values[field.name]}
              onValue={(value) => setValues({ ...values, [field.name]: value })}
            />
          </FormField>
        ))}
        <Button variant="primary" formAction="submit" disabled={busy} disabledReason="The last one is still at work.">
          Start
        </Button>
      </SpaceBetween>
    </form>
  );
}

interface ControlProps {
  field: Field;
  value: string | boolean | undefined;
  onValue: (value: string | boolean) => void;
}

function Control({ field, value, onValue }: ControlProps) {
  const text = typeof value === "string" ? value : "";
  switch (field.kind) {
    case "toggle":
      return (
        <Toggle
          checked={value === undefined ? field.initial === "true" : value === true}
          onChange={({ detail }) => onValue(detail.checked)}
        >
          {field.title}
        </Toggle>
      );
    case "choice": {
      const options = field.choices.map((choice) => ({ value: choice, label: choice }));
      const chosen = text || field.initial;
      return (
        <Select
          options={options}
          selectedOption={options.find((option) => option.value === chosen) ?? null}
          placeholder="Choose"
          onChange={({ detail }) => onValue(detail.selectedOption.value ?? "")}
        />
      );
    }
    case "number":
      return (
        <Input
          type="number"
          value={text}
          placeholder={field.initial}
          onChange={({ detail }) => onValue(detail.value)}
        />
      );
    case "json":
      return (
        <Textarea value={text} placeholder={field.initial || "JSON"} onChange={({ detail }) => onValue(detail.value)} />
      );
    default:
      return <Input value={text} placeholder={field.initial} onChange={({ detail }) => onValue(detail.value)} />;
  }
}
