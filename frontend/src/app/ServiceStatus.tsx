import Box from "@cloudscape-design/components/box";
import Popover from "@cloudscape-design/components/popover";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import { useModels, useReadiness } from "@/api/queries";
import type { Models, Readiness } from "@/api/types";

/** Who writes the programs, and where they run. */
export function ServiceStatus() {
  const models = useModels();
  const readiness = useReadiness();
  return (
    <div className="aci-service">
      {models.data && <Model models={models.data} />}
      {readiness.data && <Sandbox parts={readiness.data.parts} />}
      {readiness.isError && <StatusIndicator type="error">No connection</StatusIndicator>}
    </div>
  );
}

function Model({ models }: { models: Models }) {
  if (models.model === null) {
    return (
      <Word title="Model" status="warning" text="No model yet">
        {models.detail} Prompts wait until there is one.
      </Word>
    );
  }
  const chain = models.chain.length > 1 ? `Asked in this order: ${models.chain.join(", ")}.` : null;
  const failing = models.models.some((model) => model.state !== "closed");
  const status = failing ? "warning" : models.demo ? "info" : "success";
  return (
    <Word title="Model" status={status} text={models.demo ? "Demo model" : models.model}>
      <div>{sentence(models.detail)}</div>
      {chain && <div>{chain}</div>}
      {models.demo && <div>It knows a number of tasks by heart and is no language model.</div>}
    </Word>
  );
}

function Sandbox({ parts }: { parts: Readiness["parts"] }) {
  const sandbox = parts.sandbox;
  if (!sandbox) return null;
  const well = sandbox.status === "ok";
  const text = sandbox.tier
    ? sandbox.tier.length > 1
      ? sandbox.tier
      : `Sandbox tier ${sandbox.tier}`
    : "No sandbox yet";
  return (
    <Word title="Sandbox" status={well ? "success" : "warning"} text={text}>
      {sentence(sandbox.detail)}
    </Word>
  );
}

interface WordProps {
  title: string;
  status: StatusIndicatorProps.Type;
  text: string;
  children: ReactNode;
}

function Word({ title, status, text, children }: WordProps) {
  return (
    <Popover
      header={title}
      triggerType="text"
      position="bottom"
      dismissAriaLabel="Close"
      content={<Box variant="div">{children}</Box>}
    >
      <StatusIndicator type={status}>{text}</StatusIndicator>
    </Popover>
  );
}

function sentence(text: string): string {
  return text ? `${text[0]?.toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}` : "";
}
