/* <form data-passkey="create|get"> with a hidden field `credential`: its button first asks the browser for a passkey,
   then sends what the browser answered. The options are in the element that data-passkey-options names, or behind the
   address data-passkey-from. Where the browser cannot, the button stays hidden or disabled. */
import { toast } from "./toast.js";

const able = Boolean(
  window.PublicKeyCredential?.parseCreationOptionsFromJSON && window.PublicKeyCredential?.parseRequestOptionsFromJSON,
);

async function options(form) {
  const from = form.dataset.passkeyFrom;
  if (!from) return JSON.parse(document.getElementById(form.dataset.passkeyOptions).textContent).publicKey;
  const headers = { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" };
  const response = await fetch(from, { headers });
  if (!response.ok) throw new Error(`${response.status}`);
  return (await response.json()).request_options.publicKey;
}

async function ask(form) {
  const asked = await options(form);
  if (form.dataset.passkey === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(asked) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(asked) });
}

if (able) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    for (const note of form.querySelectorAll("[data-passkey-unable]")) note.hidden = true;
    const start = form.querySelector("[data-passkey-start]");
    start.hidden = start.disabled = false;
  }
}

/* Before submit-once sees it: a form without an answer is not sent yet. */
window.addEventListener(
  "submit",
  async (event) => {
    const form = event.target.closest("form[data-passkey]");
    if (!form || form.dataset.answered) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    try {
      form.elements.credential.value = JSON.stringify((await ask(form)).toJSON());
    } catch {
      toast(form.dataset.passkeyStopped, "error");
      return;
    }
    form.dataset.answered = "true";
    form.requestSubmit();
  },
  { capture: true },
);
