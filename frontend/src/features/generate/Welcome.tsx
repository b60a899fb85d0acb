import SupportPromptGroup from "@cloudscape-design/chat-components/support-prompt-group";
import Box from "@cloudscape-design/components/box";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { EXAMPLES, type Example } from "@/features/generate/examples";

const SHOWN = [
  "Average by group",
  "Scatter plot",
  "Correlations",
  "Random walks",
  "Pi by chance",
  "A program that asks",
];

/** What a new session begins with. */
export function Welcome({ onExample }: { onExample: (example: Example) => void }) {
  const examples = EXAMPLES.filter((one) => SHOWN.includes(one.title));
  return (
    <div className="aci-welcome">
      <SpaceBetween size="l">
        <div>
          <Box variant="h2" padding="n">
            What should the program do?
          </Box>
          <Box color="text-body-secondary" padding={{ top: "xxs" }}>
            Say it in your own words. You get Python that you can read, change and run here, in a sandbox that keeps
            your variables and files.
          </Box>
        </div>
        <SupportPromptGroup
          ariaLabel="Examples to begin with"
          alignment="horizontal"
          items={examples.map((one) => ({
            id: one.title,
            text: one.prompt,
          }))}
          onItemClick={({ detail }) => {
            const example = examples.find((one) => one.title === detail.id);
            if (example) onExample(example);
          }}
        />
      </SpaceBetween>
    </div>
  );
}
