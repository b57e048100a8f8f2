/* <form data-upload data-upload-right="address">: what is chosen is sent in parts before the form is. A connection that
   breaks is waited for; a page that is left goes on when the same file is chosen again. Without this it is a plain form. */
import * as tus from "./tus.js";

const KEPT_FOR_MS = 24 * 60 * 60 * 1000;
const TRIES = 8;
const LONGEST_WAIT_MS = 15_000;
const PREFIX = "alajo.upload";

const part = (form, name) => form.querySelector(`[data-upload-${name}]`);
const inputs = (form) => [...form.querySelectorAll("input[type=file]")];
const chosen = (form) => inputs(form).map((input) => input.files[0]).find(Boolean);
const folder = (form) => `${PREFIX}:${form.dataset.uploadOwner}:${form.dataset.uploadRight}:`;
const place = (form, file) => `${folder(form)}${file.name}:${file.size}:${file.lastModified}`;

/** As the server writes sizes. */
function amount(bytes) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  const digits = step ? 1 : 0;
  const style = { style: "unit", unit: units[step], minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(document.documentElement.lang, style).format(bytes / 1024 ** step);
}

function say(form, text, bad = false) {
  const said = part(form, "said");
  said.textContent = text;
  said.classList.toggle("upload__said--bad", bad);
}

function remembered(key) {
  try {
    const found = JSON.parse(localStorage.getItem(key));
    return found && Date.now() - found.at < KEPT_FOR_MS ? found : null;
  } catch {
    return null;
  }
}

function remember(key, upload) {
  try {
    localStorage.setItem(key, JSON.stringify({ ...upload, at: Date.now() }));
  } catch {
    // A full or forbidden store only means that a page that is left begins anew.
  }
}

function showChosen(form) {
  const file = chosen(form);
  part(form, "state").hidden = !file;
  if (!file) return;
  part(form, "chosen").textContent = file.name;
  part(form, "amount").textContent = amount(file.size);
  part(form, "progress").hidden = true;
  say(form, "");
}

/** Says each quarter that arrived to who cannot see the bar, and no more often. */
function announce(form, share) {
  const quarter = 25 * Math.floor(share / 25);
  if (quarter <= Number(form.dataset.announced ?? 0) || quarter >= 100) return;
  form.dataset.announced = quarter;
  say(form, `${form.dataset.sending} ${quarter} %`);
}

function showArrived(form, file, bytes) {
  const share = Math.floor((100 * bytes) / file.size);
  announce(form, share);
  part(form, "progress").value = share;
  part(form, "amount").textContent = `${amount(bytes)} ${form.dataset.of} ${amount(file.size)} · ${share} %`;
}

function showRunning(form, running) {
  part(form, "progress").hidden = false;
  part(form, "cancel").hidden = !running;
  part(form, "go-on").hidden = true;
  const start = part(form, "start");
  start.hidden = false;
  for (const name of ["aria-busy", "aria-disabled"]) {
    if (running) start.setAttribute(name, "true");
    else start.removeAttribute(name);
  }
  for (const input of inputs(form)) input.disabled = running;
}

/** Asks the page's own server where the file may be put. */
async function askRight(form, file, signal) {
  const body = new FormData();
  body.set("name", file.name);
  body.set("size", file.size);
  body.set("type", file.type);
  const headers = { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json" };
  let answer;
  try {
    answer = await fetch(form.dataset.uploadRight, { method: "POST", body, headers, signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new tus.Lost();
  }
  if (answer.status >= 500) throw new tus.Lost();
  const said = answer.headers.get("Content-Type")?.startsWith("application/json") ? await answer.json() : {};
  if (!answer.ok) throw new tus.Refused(answer.status, said.message ?? document.body.dataset.requestFailed);
  return said;
}

/** Whether a right may have ended: it lives shorter than what was sent by it. */
const isAboutRight = (error) => error instanceof tus.Refused && [400, 401, 403].includes(error.status);

/** How much has arrived of an upload of before, by a new right where its own has ended; null where it is gone. */
async function lookAfter(form, file, upload, signal) {
  try {
    return await tus.arrived(upload.address, upload.right, signal);
  } catch (error) {
    if (!(error instanceof tus.Refused) || error.status === 423) throw error;
    if (!isAboutRight(error)) return null;
  }
  const right = await askRight(form, file, signal);
  if (right.name !== upload.right.name) return null;
  upload.right = right;
  remember(place(form, file), upload);
  try {
    return await tus.arrived(upload.address, right, signal);
  } catch (error) {
    if (isAboutRight(error)) return null;
    throw error;
  }
}

/** Sends all that has not arrived yet, once; returns the name it has there. */
async function sendRest(form, file, signal) {
  const key = place(form, file);
  let upload = remembered(key);
  let offset = upload && (await lookAfter(form, file, upload, signal));
  if (offset === null) {
    offset = 0;
    const right = await askRight(form, file, signal);
    upload = { right, address: await tus.announce(right, file, signal) };
    remember(key, upload);
  }
  showArrived(form, file, offset);
  while (offset < file.size) {
    const onProgress = (bytes) => showArrived(form, file, Math.min(bytes, file.size));
    offset = await tus.sendPart(upload.address, upload.right, file, offset, onProgress, signal);
    form.dataset.went = "on";
  }
  localStorage.removeItem(key);
  return upload.right.name;
}

/** Waits a while, or until the browser says that it is connected again. */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    window.addEventListener("online", resolve, { once: true });
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    });
  });
}

/** Sends a file whatever the connection does; returns its name there. */
async function sendAll(form, file, signal) {
  let renewed = false;
  for (let failed = 0; ; failed += 1) {
    try {
      return await sendRest(form, file, signal);
    } catch (error) {
      if (form.dataset.went) {
        failed = 0;
        renewed = false;
      }
      delete form.dataset.went;
      if (isAboutRight(error) && remembered(place(form, file)) && !renewed) {
        renewed = true;
        continue;
      }
      const passes = error instanceof tus.Lost || (error instanceof tus.Refused && [409, 423].includes(error.status));
      if (!passes || failed >= TRIES) throw error;
      say(form, form.dataset.lost);
      await pause(Math.min(1000 * 2 ** failed, LONGEST_WAIT_MS), signal);
      say(form, form.dataset.sending);
    }
  }
}

const running = new WeakMap();

async function start(form) {
  const file = chosen(form);
  if (running.has(form) || !file) return;
  const stop = new AbortController();
  running.set(form, stop);
  delete form.dataset.announced;
  showRunning(form, true);
  say(form, form.dataset.sending);
  try {
    const name = await sendAll(form, file, stop.signal);
    say(form, form.dataset.finishing);
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "uploaded", value: name });
    form.append(field);
    form.submit();
  } catch (error) {
    showRunning(form, false);
    if (error instanceof tus.Lost) {
      say(form, form.dataset.stopped, true);
      part(form, "start").hidden = true;
      part(form, "go-on").hidden = false;
      part(form, "cancel").hidden = false;
    } else if (error instanceof tus.Refused) {
      forget(form, file);
      say(form, error.message, true);
    } else if (error.name !== "AbortError") {
      throw error;
    }
  } finally {
    running.delete(form);
  }
}

function forget(form, file) {
  const key = place(form, file);
  const upload = remembered(key);
  localStorage.removeItem(key);
  if (upload) tus.withdraw(upload.address, upload.right).catch(() => {});
}

function cancel(form) {
  running.get(form)?.abort();
  const file = chosen(form);
  if (file) forget(form, file);
  showRunning(form, false);
  part(form, "progress").hidden = true;
  for (const input of inputs(form)) input.value = "";
  showChosen(form);
  inputs(form)[0].focus();
}

/** Says which file this page, or an earlier one, did not get across. */
function sayUnfinished(form) {
  for (const key of Object.keys(localStorage).filter((name) => name.startsWith(folder(form)))) {
    const name = key.slice(folder(form).length).replace(/:\d+:\d+$/, "");
    if (remembered(key)) say(form, `${name} ${form.dataset.unfinished}`);
    else localStorage.removeItem(key);
  }
}

function bind(form) {
  const drop = part(form, "drop");
  for (const input of inputs(form)) {
    input.addEventListener("change", () => {
      for (const other of inputs(form)) if (other !== input) other.value = "";
      showChosen(form);
    });
  }
  for (const name of ["dragover", "dragleave", "drop"]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("drop--over", name === "dragover");
    });
  }
  drop.addEventListener("drop", (event) => {
    if (running.has(form) || !event.dataTransfer.files.length) return;
    inputs(form)[0].files = event.dataTransfer.files;
    showChosen(form);
  });
  form.addEventListener("submit", (event) => {
    if (!chosen(form)) return;
    event.preventDefault();
    start(form);
  });
  part(form, "go-on").addEventListener("click", () => start(form));
  part(form, "cancel").addEventListener("click", () => cancel(form));
  sayUnfinished(form);
}

for (const form of document.querySelectorAll("form[data-upload]")) bind(form);
