/* toast(text, tone): a passing message in the page's one live region. Also for [data-dismiss] and HX-Trigger: toast. */
const SHOWN_FOR_MS = 6000;

export function toast(text, tone = "info") {
  const region = document.querySelector("[data-toasts]");
  const item = document.createElement("div");
  item.className = `alert alert--${tone}`;
  const body = document.createElement("p");
  body.className = "alert__body";
  body.textContent = text;
  item.append(body);
  region.append(item);
  let timer = setTimeout(() => item.remove(), SHOWN_FOR_MS);
  item.addEventListener("pointerenter", () => clearTimeout(timer));
  item.addEventListener("pointerleave", () => {
    timer = setTimeout(() => item.remove(), SHOWN_FOR_MS);
  });
}

document.addEventListener("toast", (event) => toast(event.detail.text ?? event.detail.value, event.detail.tone));

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest(".alert").remove();
});

for (const button of document.querySelectorAll("[data-dismiss][hidden]")) button.hidden = false;
for (const summary of document.querySelectorAll("[data-error-summary]")) summary.focus();
