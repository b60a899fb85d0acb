/**
 * Who is there. The service says by a 401 that it wants to know; what was traded for the key is then kept in a cookie
 * that no script can read. What changes something carries a token besides, which only this page can have asked for.
 */
import { problemOf, UnreachableError } from "@/api/errors";
import type { Me } from "@/api/types";
import { Store } from "@/lib/store";

export const signInWanted = new Store(false);

const CSRF_HEADER = "X-CSRF-Token";
const SAFE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

let asked: Promise<Me> | null = null;
let signedInAt = 0;

/** A request that was sent at that time was answered with 401. One from before the sign-in says nothing any more. */
export function refused(sentAt: number): void {
  if (sentAt >= signedInAt) signInWanted.set(true);
}

/** Who the service takes us for; asked once, until somebody else signs in. */
export function whoAmI(): Promise<Me> {
  asked ??= send("/v1/me").catch((error: unknown) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** The token is no longer the right one: another tab has signed in or out. */
export function askAgainWhoIAm(): void {
  asked = null;
}

/** Gives a request that changes something the token that it needs, where one is needed. */
export async function addCsrfToken(request: Request): Promise<void> {
  if (SAFE.has(request.method)) return;
  const { csrf_token } = await whoAmI();
  if (csrf_token !== null) request.headers.set(CSRF_HEADER, csrf_token);
}

export async function signIn(credential: string): Promise<void> {
  const body = JSON.stringify({ credential });
  const headers = { "Content-Type": "application/json" };
  asked = Promise.resolve(await send("/v1/sign-in", { method: "POST", headers, body }));
  signedInAt = performance.now();
  signInWanted.set(false);
}

/** Ends the sign-in, in the service too. A sign-in that is over already is as good. */
export async function signOut(): Promise<void> {
  const request = new Request(new URL("/v1/sign-out", globalThis.location.origin), { method: "POST" });
  await addCsrfToken(request);
  const response = await fetch(request).catch(unreachable);
  if (!response.ok && response.status !== 401) throw await problemOf(response);
  asked = null;
}

async function send(path: string, init?: RequestInit): Promise<Me> {
  const sentAt = performance.now();
  const response = await fetch(new URL(path, globalThis.location.origin), init).catch(unreachable);
  if (response.ok) return (await response.json()) as Me;
  if (response.status === 401 && init === undefined) refused(sentAt);
  throw await problemOf(response);
}

function unreachable(error: unknown): never {
  throw new UnreachableError(error);
}
