/* htmx: busy state, focus after a swap, and a spoken word when a request fails. What asks by itself, [data-quiet],
   says nothing of either: it asks again. */
import { toast } from "./toast.js";

const isQuiet = (event) => event.detail.elt?.matches("[data-quiet]");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isQuiet(event)) event.detail.target?.setAttribute("aria-busy", "true");
});

document.addEventListener("htmx:afterRequest", (event) => {
  event.detail.target?.removeAttribute("aria-busy");
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.requestConfig?.elt?.matches("[data-quiet]")) return;
  const found = event.target.querySelector?.("[data-error-summary], [data-focus]");
  found?.focus();
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    if (!isQuiet(event)) toast(document.body.dataset.requestFailed, "error");
  });
}
