/* <button hidden data-copy="text" data-copied="Copied">: shown only where it can work. */
import { toast } from "./toast.js";

function reveal(scope) {
  if (!navigator.clipboard) return;
  for (const button of scope.querySelectorAll("[data-copy][hidden]")) button.hidden = false;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  toast(button.dataset.copied, "success");
});

reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target));
