import TopNavigation from "@cloudscape-design/components/top-navigation";
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
