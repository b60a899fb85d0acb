import CodeView from "@cloudscape-design/code-view/code-view";
import highlightPython from "@cloudscape-design/code-view/highlight/python";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";

export function PythonCode({ code, label }: { code: string; label: string }) {
  return (
    <div className="aci-code">
      <CodeView
        ariaLabel={label}
        content={code}
        highlight={highlightPython}
        lineNumbers
        wrapLines
        actions={
          <CopyToClipboard
            variant="icon"
            copyButtonAriaLabel="Copy the code"
            copySuccessText="Copied"
            copyErrorText="Could not be copied"
            textToCopy={code}
          />
        }
      />
    </div>
  );
}
