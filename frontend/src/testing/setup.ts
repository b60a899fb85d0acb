/** What jsdom lacks, and the stand-in for the service. */
import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll } from "vitest";
import { askAgainWhoIAm, signInWanted } from "@/api/sign-in";
import { service } from "@/testing/service";
import { FakeSocket } from "@/testing/socket";

// Patience, not a limit on speed: the machine may be busy with other tests at the same time.
configure({ asyncUtilTimeout: 20_000 });

window.matchMedia ??= (query: string) =>
  ({ matches: false, media: query, addEventListener() {}, removeEventListener() {} }) as unknown as MediaQueryList;
globalThis.ResizeObserver ??= class {
  observe() {}
  unobserve() {}
  disconnect() {}
};
Element.prototype.scrollIntoView ??= () => {};

beforeAll(() => {
  service.listen({ onUnhandledRequest: "error" });
  // After it, which puts one of its own there.
  Object.defineProperty(globalThis, "WebSocket", { value: FakeSocket, configurable: true });
});
afterEach(() => {
  cleanup();
  service.resetHandlers();
  askAgainWhoIAm();
  localStorage.clear();
  sessionStorage.clear();
  signInWanted.set(false);
  FakeSocket.made = [];
});
afterAll(() => service.close());
