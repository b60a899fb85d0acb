import { signInWanted } from "@/api/sign-in";
import { SignIn } from "@/app/SignIn";
import { TopBar } from "@/app/TopBar";
import { Workspace } from "@/app/Workspace";
import { useStore } from "@/lib/store";

export function App() {
  const signedOut = useStore(signInWanted);
  return (
    <>
      <TopBar />
      {signedOut ? <SignIn /> : <Workspace />}
    </>
  );
}
