import I18nProvider, { type I18nProviderProps } from "@cloudscape-design/components/i18n";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { worthAnotherTry } from "@/api/queries";

interface Props {
  messages: ReadonlyArray<I18nProviderProps.Messages>;
  children: ReactNode;
}

export function Providers({ messages, children }: Props) {
  const [queries] = useState(
    () =>
      new QueryClient({
        defaultOptions: { queries: { retry: worthAnotherTry, staleTime: 5_000, networkMode: "always" } },
      }),
  );
  return (
    <I18nProvider locale="en" messages={[...messages]}>
      <QueryClientProvider client={queries}>{children}</QueryClientProvider>
    </I18nProvider>
  );
}
