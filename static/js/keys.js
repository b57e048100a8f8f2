/* <a|button data-key="n">: the letter presses it, unless somebody is typing, a modifier is held or a dialog is open.
   Whoever has no use for single letters switches them off in the help (WCAG 2.1.4); the choice is kept. */
const KEPT = "alajo.keys";
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

function isOn() {
  try {
    return localStorage.getItem(KEPT) !== "off";
  } catch {
    return true;
  }
}

function keep(on) {
  try {
    localStorage.setItem(KEPT, on ? "on" : "off");
  } catch {
    /* Then it counts for this page. */
  }
}

const shown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

const help = document.querySelector("[data-keys]");
const toggle = help?.querySelector("[data-keys-on]");
if (help) {
  help.hidden = false;
  toggle.checked = isOn();
  toggle.addEventListener("change", () => keep(toggle.checked));
}

document.addEventListener("keydown", (event) => {
  if (!toggle?.checked || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : "";
  const pressed = key && [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key && shown(one));
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});

/* What the last page did is read out by whoever reads pages out: a region that was full from the start is not. */
const said = help?.querySelector("[data-keys-said]");
const told = [...document.querySelectorAll("#messages .alert__body")].map((each) => each.textContent.trim()).join(" ");
if (said && told) setTimeout(() => (said.textContent = told), 200);
