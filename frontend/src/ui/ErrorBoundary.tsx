import { Component, type ReactNode } from "react";
import { WhatToDo } from "@/ui/WhatToDo";

/** One broken part does not take the page with it. */
export class ErrorBoundary extends Component<{ children: ReactNode; what: string }, { broken: boolean }> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <WhatToDo
        title={`${this.props.what} can't be shown`}
        detail="Something went wrong in this page."
        advice="Refresh the page; nothing was lost."
      />
    );
  }
}
