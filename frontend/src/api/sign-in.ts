/** Whether the service wants to know who we are. It says so by answering 401; the key is kept in a cookie that no
 * script can read. */
import { problemOf, UnreachableError } from "@/api/errors";
import { Store } from "@/lib/store";

export const signInWanted = new Store(false);

export async function signIn(key: string): Promise<void> {
  const response = await fetch("/v1/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  }).catch((error: unknown) => {
    throw new UnreachableError(error);
  });
  if (!response.ok) throw await problemOf(response);
  signInWanted.set(false);
}
