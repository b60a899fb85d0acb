import { useRef, useState } from "react";
import type { ThemeShown } from "@/lib/theme";

const HIGHEST_PX = 4000;

/**
 * HTML that a program made. The frame runs no script, sends no form and, under the page's policy, loads nothing from
 * anywhere; it shares our origin for one thing only, so that its height can be read.
 */
export function SandboxedHtml({ html, theme, title }: { html: string; theme: ThemeShown; title: string }) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [height, setHeight] = useState(120);
  const measure = () => {
    const content = frame.current?.contentDocument?.documentElement;
    if (content) setHeight(Math.min(HIGHEST_PX, Math.ceil(content.getBoundingClientRect().height) + 2));
  };
  return (
    <iframe
      ref={frame}
      className="aci-html"
      title={title}
      sandbox="allow-same-origin"
      srcDoc={framed(html, theme)}
      style={{ height }}
      onLoad={measure}
    />
  );
}

function framed(html: string, theme: ThemeShown): string {
  const [text, line, stripe] = theme === "dark" ? ["#dedee3", "#424650", "#1d2530"] : ["#0f141a", "#d5d5da", "#f6f6f9"];
  return `<!doctype html><html><head><meta charset="utf-8"><style>
    html { color-scheme: ${theme}; color: ${text}; font: 14px/1.45 "Open Sans", "Helvetica Neue", Roboto, Arial, sans-serif; overflow: auto; }
    body { margin: 0; }
    table { border-collapse: collapse; font-size: 13px; } th, td { padding: 4px 10px; border: 1px solid ${line}; }
    tbody tr:nth-child(even) { background: ${stripe}; } img, svg { max-width: 100%; }
  </style></head><body>${html}</body></html>`;
}
