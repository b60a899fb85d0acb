import Alert, { type AlertProps } from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import type { ReactNode } from "react";

interface Props {
  title: string;
  detail: string;
  advice: string;
  type?: AlertProps.Type;
  action?: ReactNode;
}

/** What happened, what it means, and what to do. */
export function WhatToDo({ title, detail, advice, type = "error", action }: Props) {
  return (
    <Alert type={type} header={title} action={action}>
      {detail && <div className="aci-said">{detail}</div>}
      <Box color="inherit" padding={{ top: detail ? "xxs" : "n" }}>
        {advice}
      </Box>
    </Alert>
  );
}
