// The demo page: the player, tracks to give it, and what happened.

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
