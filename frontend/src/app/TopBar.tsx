import TopNavigation, { type TopNavigationProps } from "@cloudscape-design/components/top-navigation";
import { useMe } from "@/api/queries";
import { signInWanted, signOut } from "@/api/sign-in";
import { forgetDrafts } from "@/app/drafts";
import { flashError } from "@/app/flashes";
import { goTo } from "@/app/location";
import { useStore } from "@/lib/store";
import { chooseTheme, type ThemeChoice, themeChoice } from "@/lib/theme";

const THEMES: readonly { id: ThemeChoice; text: string }[] = [
  { id: "light", text: "Light" },
  { id: "dark", text: "Dark" },
  { id: "auto", text: "As the system has it" },
];

export function TopBar() {
  const choice = useStore(themeChoice);
  const account = useAccount();
  return (
    <div id="top" className="aci-top">
      <TopNavigation
        identity={{
          href: "/",
          title: "Code Interpreter",
          logo: { src: "/icon.svg", alt: "Logo" },
          onFollow: (event) => {
            event.preventDefault();
            goTo({ sessionId: null, tab: "generator" });
          },
        }}
        utilities={[
          ...account,
          {
            type: "menu-dropdown",
            iconName: "light-dark",
            ariaLabel: "Light or dark",
            title: "Light or dark",
            items: THEMES.map(({ id, text }) => ({
              id,
              text,
              itemType: "checkbox" as const,
              checked: id === choice,
            })),
            onItemClick: ({ detail }) => chooseTheme(detail.id as ThemeChoice),
          },
        ]}
      />
    </div>
  );
}

/** Who is signed in, and the way out; nothing where nobody is asked. */
function useAccount(): TopNavigationProps.MenuDropdownUtility[] {
  const { data: me } = useMe();
  const signedOut = useStore(signInWanted);
  if (me?.auth !== "keys" || signedOut) return [];
  return [
    {
      type: "menu-dropdown",
      iconName: "user-profile",
      ariaLabel: "Account",
      title: me.tenant.name,
      description: me.subject,
      items: [{ id: "sign-out", text: "Sign out" }],
      onItemClick: leave,
    },
  ];
}

/** What was read and written here is gone with the page; whoever comes next begins anew. */
async function leave(): Promise<void> {
  try {
    await signOut();
  } catch (error) {
    flashError(error);
    return;
  }
  forgetDrafts();
  window.location.assign("/");
}
