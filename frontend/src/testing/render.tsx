import messages from "@cloudscape-design/components/i18n/messages/all.en";
import createWrapper from "@cloudscape-design/components/test-utils/dom";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Providers } from "@/app/Providers";

/** Renders as the page does; `page` finds Cloudscape's components in it. */
export function renderPage(children: ReactNode) {
  const rendered = render(<Providers messages={[messages]}>{children}</Providers>);
  return { ...rendered, page: createWrapper(rendered.container) };
}
