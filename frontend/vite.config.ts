import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { CONTENT_SECURITY_POLICY } from "./csp.ts";

const api = process.env.ACI_API ?? "http://127.0.0.1:8000";
const root = fileURLToPath(new URL(".", import.meta.url));
const examples = fileURLToPath(new URL("../examples", import.meta.url));

/** The API wants Origin and Host to agree, so the page's own host is passed on as it is. */
const proxy = Object.fromEntries(
  ["/v1", "/readyz", "/healthz"].map((path) => [path, { target: api, changeOrigin: false, ws: true }]),
);

/** Fast refresh puts one script into the page itself; only there, and only for it, the policy has a nonce. */
const REFRESH_NONCE = "fast-refresh";
const whileDeveloping = CONTENT_SECURITY_POLICY.replace(
  "script-src 'self'",
  `script-src 'self' 'nonce-${REFRESH_NONCE}'`,
);

export default defineConfig(({ command }) => ({
  plugins: [react()],
  html: command === "serve" ? { cspNonce: REFRESH_NONCE } : {},
  resolve: { alias: { "@": `${root}src`, "#examples": examples } },
  server: {
    port: 3000,
    strictPort: true,
    proxy,
    headers: { "Content-Security-Policy": whileDeveloping },
    fs: { allow: [root, examples] },
  },
  preview: { port: 3000, strictPort: true, proxy, headers: { "Content-Security-Policy": CONTENT_SECURITY_POLICY } },
  build: { target: "es2022", manifest: true, assetsInlineLimit: 0, chunkSizeWarningLimit: 4000 },
  worker: { format: "es" as const },
}));
