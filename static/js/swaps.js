/* htmx: busy state, focus after a swap, and a spoken word when a request fails. */
import { toast } from "./toast.js";

document.addEventListener("htmx:beforeRequest", (event) => {
  event.detail.target?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
});

document.addEventListener("htmx:afterSettle", (event) => {
  const found = event.target.querySelector?.("[data-error-summary], [data-focus]");
  found?.focus();
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, () => toast(document.body.dataset.requestFailed, "error"));
}
