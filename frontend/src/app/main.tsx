import "@cloudscape-design/global-styles/index.css";
import "@/app/app.css";
import messages from "@cloudscape-design/components/i18n/messages/all.en";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { Providers } from "@/app/Providers";
import { startTheme } from "@/lib/theme";

startTheme();

const place = document.getElementById("root");
if (!place) throw new Error("The page has no #root.");
createRoot(place).render(
  <StrictMode>
    <Providers messages={[messages]}>
      <App />
    </Providers>
  </StrictMode>,
);
