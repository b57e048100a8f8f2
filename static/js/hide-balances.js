/* <form data-hide-balances-form> with one toggle button; works by post without this. */
import { setCookie } from "./cookie.js";

const root = document.documentElement;

document.addEventListener("submit", (event) => {
  if (!event.target.closest("[data-hide-balances-form]")) return;
  event.preventDefault();
  const hidden = root.toggleAttribute("data-hide-balances");
  setCookie("hide_balances", hidden ? "1" : "");
  for (const button of document.querySelectorAll("[data-hide-balances-toggle]")) {
    button.setAttribute("aria-pressed", String(hidden));
  }
});
