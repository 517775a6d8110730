// The demo page: the player, a form for tracks, and a panel of events.

import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "../src/styles.css";
import "./page.css";
import { Page } from "./Page.js";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Page />
    </StrictMode>,
  );
}
