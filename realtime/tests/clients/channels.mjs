// Joins channels with @supabase/supabase-js, and prints what came of it as JSON.
// node channels.mjs <folder with node_modules> <origin> <anon key> <vsn> <person's token> <person's id> <another's id>
// It prints `ready` when it listens; what a service then tells the person ends it.
import { createRequire } from "node:module";

const [folder, origin, anon, vsn, token, id, other] = process.argv.slice(2);
const { createClient } = createRequire(`${folder}/`)("@supabase/supabase-js");
const app = (bearer) =>
  createClient(origin, anon, {
    auth: { autoRefreshToken: false, persistSession: false },
    ...(bearer && { accessToken: async () => bearer }),
    realtime: { vsn, timeout: 8000 },
  });
const later = (seconds) => new Promise((done) => setTimeout(done, seconds * 1000));
const joined = (channel) =>
  new Promise((done) => channel.subscribe((status, error) => done([status, error ? String(error.message) : null])));
const report = {};

const [ada, bola] = [app(token), app()];
const heard = [];
const own = [];
const room = bola.channel("room", { config: { broadcast: { self: true, ack: true } } });
room.on("broadcast", { event: "chat" }, ({ payload }) => own.push(payload));
report.room = await joined(room);
const same = ada.channel("room", { config: { presence: { key: "ada" } } });
const syncs = [];
same.on("broadcast", { event: "*" }, ({ event, payload }) => heard.push([event, payload]));
same.on("presence", { event: "join" }, ({ key, newPresences }) => syncs.push([key, newPresences[0].at]));
report.same = await joined(same);
report.sent = await room.send({ type: "broadcast", event: "chat", payload: { t: "hi" } });
report.rest = await room.httpSend("chat", { t: "by rest" });
report.bytes = await room.send({ type: "broadcast", event: "bytes", payload: new Uint8Array([0, 255]).buffer });
report.track = await same.track({ at: 1 });
await later(0.5);
report.own = own;
report.heard = heard.map(([event, payload]) => [
  event,
  payload instanceof ArrayBuffer || ArrayBuffer.isView(payload) ? [...new Uint8Array(payload.buffer ?? payload)] : payload,
]);
report.syncs = syncs;
report.state = Object.fromEntries(Object.entries(same.presenceState()).map(([key, [one]]) => [key, one.at]));
report.left = await ada.removeChannel(same);

report.theirs = await joined(ada.channel(`user:${other}`, { config: { private: true } }));
const mine = ada.channel(`user:${id}`, { config: { private: true } });
const changes = [];
mine.on("postgres_changes", { event: "*", schema: "public", table: "accounts_notification" }, (change) =>
  changes.push([change.eventType, change.new.event, change.errors]),
);
mine.on("postgres_changes", { event: "INSERT", schema: "public", table: "accounts_notification", filter: "event=eq.b" }, (change) =>
  changes.push(["filtered", change.new.event, change.errors]),
);
const subscribed = new Promise((done) => mine.on("system", {}, done));
const told = new Promise((done) => mine.on("broadcast", { event: "transfer.received" }, done));
report.mine = await joined(mine);
report.system = (await subscribed).message;
console.error("ready");
const { payload, meta } = await told;
report.told = [payload, typeof meta.id];
await later(1);
report.changes = changes;
report.refused = await joined(
  ada.channel("refused").on("postgres_changes", { event: "*", schema: "public", table: "accounts_user" }, () => {}),
);
console.log(JSON.stringify(report));
process.exit(0);
