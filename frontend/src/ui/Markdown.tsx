import ReactMarkdown from "react-markdown";

/** What a language model writes: Markdown without pictures and without HTML of its own. */
const ALLOWED = [
  "p",
  "ul",
  "ol",
  "li",
  "strong",
  "em",
  "code",
  "pre",
  "h1",
  "h2",
  "h3",
  "h4",
  "blockquote",
  "br",
  "hr",
];

export function Markdown({ text }: { text: string }) {
  return (
    <ReactMarkdown allowedElements={ALLOWED} unwrapDisallowed>
      {text}
    </ReactMarkdown>
  );
}
