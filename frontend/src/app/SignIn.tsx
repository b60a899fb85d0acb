import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { explain, ProblemError } from "@/api/errors";
import { signIn } from "@/api/sign-in";

/** Shown when the service wants to know who is there. */
export function SignIn() {
  const [key, setKey] = useState("");
  const queries = useQueryClient();
  const entering = useMutation({ mutationFn: signIn, onSuccess: () => queries.resetQueries() });
  const enter = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) entering.mutate(key.trim());
  };
  return (
    <main className="aci-sign-in">
      <form onSubmit={enter}>
        <Container
          header={
            <Header variant="h1" description="This service asks who is there.">
              Sign in
            </Header>
          }
        >
          <Form
            actions={
              <Button variant="primary" formAction="submit" loading={entering.isPending} disabled={!key.trim()}>
                Sign in
              </Button>
            }
          >
            <FormField
              label="Key"
              description="An API key (it begins with aci_), or a token of an issuer that this service trusts."
              errorText={entering.isError ? whyNot(entering.error) : undefined}
            >
              <Input
                type="password"
                value={key}
                autoFocus
                autoComplete="current-password"
                spellcheck={false}
                onChange={({ detail }) => setKey(detail.value)}
              />
            </FormField>
          </Form>
        </Container>
        <Box color="text-body-secondary" fontSize="body-s" padding={{ top: "s" }} textAlign="center">
          It is traded for a cookie that no script can read, and kept nowhere. After half a day you are asked again.
        </Box>
      </form>
    </main>
  );
}

function whyNot(error: unknown): string {
  if (error instanceof ProblemError && error.status === 401) return "This key is not known. See whether it is whole.";
  if (error instanceof ProblemError && error.status === 403) return error.detail;
  const { title, advice } = explain(error);
  return `${title}. ${advice}`;
}
