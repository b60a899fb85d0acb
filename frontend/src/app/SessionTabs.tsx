import Spinner from "@cloudscape-design/components/spinner";
import Tabs from "@cloudscape-design/components/tabs";
import { lazy, type ReactNode, Suspense } from "react";
import { goTo, TABS, type Tab } from "@/app/location";
import type { SessionWork } from "@/app/use-session-work";
import { EditorTab } from "@/features/editor/EditorTab";
import { GeneratorTab } from "@/features/generate/GeneratorTab";
import { useStore } from "@/lib/store";
import { type ThemeShown, themeShown } from "@/lib/theme";
import { ErrorBoundary } from "@/ui/ErrorBoundary";

const ResultsTab = lazy(async () => ({ default: (await import("@/features/results/ResultsTab")).ResultsTab }));

const RunBlocks = lazy(async () => ({ default: (await import("@/features/results/RunBlocks")).RunBlocks }));

interface Props {
  sessionId: string | null;
  tab: Tab;
  work: SessionWork;
}

/** The three views of a session. */
export function SessionTabs({ sessionId, tab, work }: Props) {
  const theme = useStore(themeShown);
  return (
    <Tabs
      activeTabId={tab}
      ariaLabel="Views of the session"
      onChange={({ detail }) => goTo({ tab: TABS.find((one) => one === detail.activeTabId) ?? "generator" })}
      tabs={[
        {
          id: "generator",
          label: <Label text="Code Generator" short="Generator" busy={work.isGenerating} />,
          content: (
            <ErrorBoundary what="The conversation">
              <Generator sessionId={sessionId} work={work} theme={theme} />
            </ErrorBoundary>
          ),
        },
        {
          id: "editor",
          label: <Label text="Code Editor" short="Editor" busy={false} />,
          contentRenderStrategy: "lazy",
          content: (
            <ErrorBoundary what="The editor">
              <EditorTab
                code={work.code}
                onCode={work.setCode}
                options={work.options}
                onOptions={work.setOptions}
                running={work.isRunning}
                onRun={() => void work.run(work.code)}
                onStop={work.stopRunning}
                lastRun={work.newestRun}
                theme={theme}
              />
            </ErrorBoundary>
          ),
        },
        {
          id: "results",
          label: <Label text="Execution Results" short="Results" busy={work.isRunning} />,
          content: (
            <ErrorBoundary what="The results">
              <Suspense fallback={<Spinner />}>
                <ResultsTab
                  runs={work.runs}
                  sending={work.isSendingRun}
                  picked={work.picked}
                  onPick={work.setPicked}
                  onGoToEditor={() => goTo({ tab: "editor" })}
                  theme={theme}
                  actions={{
                    onStop: work.stopRun,
                    onRunAgain: work.runAgain,
                    onOpen: work.open,
                    onFix: (run, error) => void work.fix(run, error),
                  }}
                />
              </Suspense>
            </ErrorBoundary>
          ),
        },
      ]}
    />
  );
}

function Generator({ sessionId, work, theme }: { sessionId: string | null; work: SessionWork; theme: ThemeShown }) {
  return (
    <GeneratorTab
      sessionId={sessionId}
      jobs={work.prompts}
      hasEarlier={work.hasEarlier}
      onEarlier={work.loadEarlier}
      prompt={work.prompt}
      onPrompt={work.setPrompt}
      busy={work.isGenerating}
      onSend={() => void work.send()}
      onStop={work.stopGenerating}
      asked={work.asked}
      onAsked={work.setAsked}
      onStart={(agent, input) => void work.start(agent, input)}
      changing={work.changing}
      onChanging={work.setChanging}
      uploading={work.isUploading}
      onUpload={(files) => void work.uploadFiles(files)}
      onExample={(example) => void work.example(example)}
      actions={{
        onOpen: work.open,
        onRun: work.runOrAsk,
        onRetry: (job) => void work.retryPrompt(job),
      }}
      showBlocks={(key, jobId, blocks) => (
        <Suspense fallback={null}>
          <RunBlocks key={key} jobId={jobId} blocks={blocks} theme={theme} />
        </Suspense>
      )}
    />
  );
}

/** A tab's name, in one word where there is little room. */
function Label({ text, short, busy }: { text: string; short: string; busy: boolean }): ReactNode {
  return (
    <span className="aci-tab" role="img" aria-label={busy ? `${text}, working` : text}>
      <span className="aci-wide">{text}</span>
      <span className="aci-narrow">{short}</span>
      {busy && <Spinner />}
    </span>
  );
}
