/* Live pages: one socket says that something of one's own has changed, and elements that wait for the event `live` on
   <body> ask the server for themselves (`hx-trigger="live from:body"`). What was missed while there was no socket, or
   while nobody looked, is asked for once afterwards. Without a socket they ask now and then. */
const HEARTBEAT_MS = 25_000;
const WAITS_MS = [1_000, 2_000, 5_000, 10_000, 30_000];
const ASK_EVERY_MS = 30_000;
const TOGETHER_MS = 150;
// How the server closes the socket of a sign-in that has ended: there is nothing to come back to.
const SESSION_ENDED = "session has ended";

const topic = document.body.dataset.live;
let telling = null;
let asking = null;
let attempts = 0;

function tell() {
  telling ??= setTimeout(() => {
    telling = null;
    if (!document.hidden) document.body.dispatchEvent(new CustomEvent("live"));
  }, TOGETHER_MS);
}

function askByOneself(wanted) {
  if (wanted) asking ??= setInterval(tell, ASK_EVERY_MS);
  else asking = clearInterval(asking) ?? null;
}

function connect() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/realtime/v1/websocket?vsn=2.0.0`);
  let ref = 1;
  let unanswered = false;
  const say = (to, event, payload) => socket.send(JSON.stringify(["1", String(ref++), to, event, payload]));

  const beat = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (unanswered) socket.close();
    unanswered = true;
    say("phoenix", "heartbeat", {});
  }, HEARTBEAT_MS);

  socket.addEventListener("open", () => say(`realtime:${topic}`, "phx_join", { config: { private: true } }));
  socket.addEventListener("message", (message) => {
    const [, , to, event, payload] = JSON.parse(message.data);
    if (to === "phoenix") unanswered = false;
    else if (event === "broadcast") tell();
    else if (event === "phx_reply" && payload.status === "ok") {
      attempts = 0;
      document.body.dataset.listening = "true";
      askByOneself(false);
      tell();
    } else if (event === "phx_close" || event === "phx_error" || event === "phx_reply") socket.close();
  });
  socket.addEventListener("close", (closed) => {
    clearInterval(beat);
    document.body.dataset.listening = closed.reason === SESSION_ENDED ? "ended" : "false";
    if (closed.reason === SESSION_ENDED) {
      clearTimeout(telling);
      return;
    }
    askByOneself(true);
    const wait = WAITS_MS[Math.min(attempts++, WAITS_MS.length - 1)];
    setTimeout(connect, wait * (0.75 + Math.random() / 2));
  });
}

if (topic) {
  document.addEventListener("visibilitychange", tell);
  connect();
}
