import { lazy, Suspense } from "react";

const Markdown = lazy(async () => ({ default: (await import("@/ui/Markdown")).Markdown }));

/** Text with Markdown in it. Until the part that reads it is loaded, the text as it is. */
export function Prose({ text }: { text: string }) {
  return (
    <div className="aci-prose">
      <Suspense fallback={<p className="aci-said">{text}</p>}>
        <Markdown text={text} />
      </Suspense>
    </div>
  );
}
