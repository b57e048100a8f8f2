/* <button hidden data-password-toggle aria-controls="input id">: shows what was typed. */
function reveal(scope) {
  for (const button of scope.querySelectorAll("[data-password-toggle][hidden]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-password-toggle]");
  if (!button) return;
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
});

reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target));
