/* Sends a file in parts (TUS 1.0.0) to where a signed right allows, and finds out how much of it has arrived. */
const ENDPOINT = "/storage/v1/upload/resumable/sign";
const PART = 4 * 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };

/** The server said no: `status` says which. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** The server was not reached, or had to give up: what arrived is kept. */
export class Lost extends Error {}

const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

async function ask(method, address, headers, signal) {
  let answer;
  try {
    answer = await fetch(address, { method, headers: { ...TUS, ...headers }, signal, credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Lost();
  }
  if (answer.status >= 500) throw new Lost();
  if (!answer.ok) throw new Refused(answer.status, (await answer.text()).slice(0, 200));
  return answer;
}

/** Announces the file; returns the address that its parts are sent to. */
export async function announce(right, file, signal) {
  const facts = {
    bucketName: right.bucket,
    objectName: right.name,
    contentType: file.type || "application/octet-stream",
    cacheControl: "3600",
    metadata: JSON.stringify({ name: file.name }),
  };
  const told = Object.entries(facts).map(([name, value]) => `${name} ${encoded(value)}`);
  const headers = { "x-signature": right.token, "Upload-Length": `${file.size}`, "Upload-Metadata": told.join(",") };
  const answer = await ask("POST", ENDPOINT, headers, signal);
  // Whatever name the server knows itself by: this page speaks to its own.
  return new URL(answer.headers.get("Location"), location.href).pathname;
}

/** How many bytes have arrived. */
export async function arrived(address, right, signal) {
  const answer = await ask("HEAD", address, { "x-signature": right.token }, signal);
  return Number(answer.headers.get("Upload-Offset"));
}

/** Takes back what has arrived. */
export function withdraw(address, right) {
  return ask("DELETE", address, { "x-signature": right.token });
}

/** Sends the part that begins at `offset`; returns how much has arrived then. XMLHttpRequest tells of progress. */
export function sendPart(address, right, file, offset, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open("PATCH", address);
    const headers = {
      ...TUS,
      "x-signature": right.token,
      "Upload-Offset": `${offset}`,
      "Content-Type": "application/offset+octet-stream",
    };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onProgress(offset + event.loaded));
    request.addEventListener("load", () => {
      if (request.status >= 500) reject(new Lost());
      else if (request.status >= 400) reject(new Refused(request.status, request.responseText.slice(0, 200)));
      else resolve(Number(request.getResponseHeader("Upload-Offset")));
    });
    for (const name of ["error", "timeout"]) request.addEventListener(name, () => reject(new Lost()));
    request.addEventListener("abort", () => reject(new DOMException("", "AbortError")));
    request.addEventListener("loadend", () => signal.removeEventListener("abort", stop));
    signal.addEventListener("abort", stop);
    request.send(file.slice(offset, offset + PART));
  });
}
