import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { createSession, listSessions } from "@/api/client";
import { signIn, signInWanted, signOut } from "@/api/sign-in";
import { SignIn } from "@/app/SignIn";
import { renderPage } from "@/testing/render";
import { aMe, aSession, service } from "@/testing/service";

const SIGNED_IN = aMe({ auth: "keys", subject: "key aci_1a2b3c4d", csrf_token: "token-1" });

test("what changes something carries the token, what reads does not", async () => {
  const carried: (string | null)[] = [];
  const note = ({ request }: { request: Request }) => void carried.push(request.headers.get("X-CSRF-Token"));
  service.use(
    http.get("*/v1/me", () => HttpResponse.json(SIGNED_IN)),
    http.get("*/v1/sessions", (got) => {
      note(got);
      return HttpResponse.json({ items: [], next_cursor: null });
    }),
    http.post("*/v1/sessions", (got) => {
      note(got);
      return HttpResponse.json(aSession(), { status: 201 });
    }),
  );
  await listSessions();
  await createSession("");
  expect(carried).toEqual([null, "token-1"]);
});

test("after another tab signed in, the next try has the new token", async () => {
  let token = "token-1";
  service.use(
    http.get("*/v1/me", () => HttpResponse.json({ ...SIGNED_IN, csrf_token: token })),
    http.post("*/v1/sessions", ({ request }) =>
      request.headers.get("X-CSRF-Token") === "token-2"
        ? HttpResponse.json(aSession(), { status: 201 })
        : HttpResponse.json({ type: "/problems/csrf-token-wrong", title: "Wrong", detail: "" }, { status: 403 }),
    ),
  );
  await expect(createSession("")).rejects.toMatchObject({ slug: "csrf-token-wrong" });
  token = "token-2";
  await expect(createSession("")).resolves.toMatchObject({ id: "ses_1" });
});

test("leaving is said to the service, and is not to be forged", async () => {
  let left = 0;
  service.use(
    http.get("*/v1/me", () => HttpResponse.json(SIGNED_IN)),
    http.post("*/v1/sign-out", ({ request }) => {
      left += request.headers.get("X-CSRF-Token") === "token-1" ? 1 : 0;
      return new HttpResponse(null, { status: 204 });
    }),
  );
  await expect(signOut()).resolves.toBeUndefined();
  expect(left).toBe(1);
});

test("a 401 to what was asked before the sign-in does not ask for a key again", async () => {
  let answer = () => {};
  const late = new Promise<void>((resolve) => {
    answer = resolve;
  });
  service.use(
    http.get("*/v1/sessions", async () => {
      await late;
      return HttpResponse.json({ title: "Unauthorized" }, { status: 401 });
    }),
    http.post("*/v1/sign-in", () => HttpResponse.json(SIGNED_IN)),
  );
  const asked = listSessions();
  await signIn("aci_good");
  answer();
  await expect(asked).rejects.toMatchObject({ status: 401 });
  expect(signInWanted.get()).toBe(false);
});

test("any 401 asks for a key, and a good key is enough", async () => {
  service.use(
    http.get("*/v1/sessions", () => HttpResponse.json({}, { status: 401 })),
    http.post("*/v1/sign-in", async ({ request }) => {
      const { credential } = (await request.json()) as { credential: string };
      return credential === "aci_good" ? HttpResponse.json(aMe()) : HttpResponse.json({}, { status: 401 });
    }),
  );
  await expect(listSessions()).rejects.toMatchObject({ status: 401 });
  expect(signInWanted.get()).toBe(true);

  renderPage(<SignIn />);
  const field = screen.getByLabelText("Key");
  await userEvent.type(field, "aci_bad{Enter}");
  expect(await screen.findByText(/This key is not known/)).toBeInTheDocument();
  await userEvent.clear(field);
  await userEvent.type(field, "aci_good{Enter}");
  await expect.poll(() => signInWanted.get()).toBe(false);
});
