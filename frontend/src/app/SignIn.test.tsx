import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { HttpResponse, http } from "msw";
import { expect, test } from "vitest";
import { listSessions } from "@/api/client";
import { signInWanted } from "@/api/sign-in";
import { SignIn } from "@/app/SignIn";
import { renderPage } from "@/testing/render";
import { service } from "@/testing/service";

test("any 401 asks for a key, and a good key is enough", async () => {
  service.use(
    http.get("*/v1/sessions", () => HttpResponse.json({}, { status: 401 })),
    http.post("*/v1/sign-in", async ({ request }) => {
      const { key } = (await request.json()) as { key: string };
      return new HttpResponse(null, { status: key === "aci_good" ? 204 : 401 });
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
