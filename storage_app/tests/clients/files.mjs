// Keeps files with @supabase/supabase-js, and prints what came of each call as JSON.
// node files.mjs <folder with node_modules> <origin> <anon key> <service key> <person's token> <person's id>
import { createRequire } from "node:module";

const [folder, origin, anon, service, token, id] = process.argv.slice(2);
const { createClient } = createRequire(`${folder}/`)("@supabase/supabase-js");
const options = { auth: { autoRefreshToken: false, persistSession: false }, realtime: { transport: class {} } };
const app = (bearer) =>
  createClient(origin, anon, { ...options, global: { headers: { Authorization: `Bearer ${bearer}` } } }).storage;
const refusal = ({ error }) => error && { status: error.statusCode, message: error.message };
const text = async ({ data }) => data && (await data.text());
const report = {};

const staff = app(service);
report.made = (await staff.createBucket("docs", { public: false, fileSizeLimit: "1MB" })).data;
report.public = (await staff.createBucket("shop", { public: true })).data;
report.twice = refusal(await staff.createBucket("docs"));
report.buckets = (await staff.listBuckets()).data.map((bucket) => bucket.id);
report.bucket = (await staff.getBucket("docs")).data;
report.changed = (await staff.updateBucket("docs", { public: false, allowedMimeTypes: ["text/*"] })).data;

const files = app(token).from("docs");
const name = `${id}/a b.txt`;
report.uploaded = (await files.upload(name, new Blob(["hello"], { type: "text/plain" }), { metadata: { k: 1 } })).data;
report.again = refusal(await files.upload(name, "hello", { contentType: "text/plain" }));
report.wrongType = refusal(await files.upload(`${id}/x`, "x", { contentType: "image/png" }));
report.upserted = refusal(await files.upload(name, Buffer.from("once more"), { contentType: "text/plain", upsert: true }));
report.downloaded = await text(await files.download(name));
report.updated = refusal(await files.update(name, new TextEncoder().encode("newer").buffer, { contentType: "text/plain" }));
report.newer = await text(await files.download(name));
report.info = (await files.info(name)).data;
report.exists = (await files.exists(name)).data;
report.missing = (await files.exists(`${id}/none`)).data;
report.copied = (await files.copy(name, `${id}/sub/copy.txt`)).data;
report.moved = (await files.move(name, `${id}/moved.txt`)).data;
report.listed = (await files.list(id)).data.map((entry) => [entry.name, entry.id === null]);
report.paged = (await files.listV2({ prefix: `${id}/`, with_delimiter: true, limit: 10 })).data;
report.stranger = (await app(anon).from("docs").list(id)).data;

const signed = (await files.createSignedUrl(`${id}/moved.txt`, 60, { download: true })).data.signedUrl;
const opened = await fetch(signed);
report.signed = [opened.status, await opened.text(), opened.headers.get("content-disposition")];
const several = (await files.createSignedUrls([`${id}/moved.txt`, "none"], 60)).data;
report.several = several.map((one) => Boolean(one.signedUrl));
const place = (await files.createSignedUploadUrl(`${id}/signed.txt`)).data;
const body = new Blob(["by address"], { type: "text/plain" });
report.put = (await app(anon).from("docs").uploadToSignedUrl(place.path, place.token, body)).data?.fullPath;
await app(token).from("shop").upload(`${id}/open.txt`, "open", { contentType: "text/plain" });
const url = app(anon).from("shop").getPublicUrl(`${id}/open.txt`).data.publicUrl;
report.open = await (await fetch(url)).text();
report.removed = (await files.remove([`${id}/moved.txt`, "none"])).data.map((one) => one.name);

report.notEmpty = refusal(await staff.deleteBucket("docs"));
report.emptied = (await staff.emptyBucket("docs")).data;
report.deleted = (await staff.deleteBucket("docs")).data;
report.forbidden = refusal(await app(token).createBucket("mine"));
console.log(JSON.stringify(report));
