// Signs in, refreshes, changes and signs out with @supabase/supabase-js, and prints what came of each as JSON.
// node session.mjs <folder with node_modules> <origin> <anon key> <email> <password> <another password>
import { createRequire } from "node:module";

const [folder, origin, key, email, password, another] = process.argv.slice(2);
const { createClient } = createRequire(`${folder}/`)("@supabase/supabase-js");
const options = {
  auth: { autoRefreshToken: false, persistSession: false },
  realtime: { transport: class {} },
};
const app = () => createClient(origin, key, options).auth;
const refusal = ({ error }) => error && { name: error.name, status: error.status, code: error.code, message: error.message };
const report = {};

const stranger = app();
report.weak = refusal(await stranger.signUp({ email: "new@alajo.test", password: "short" }));
const joined = await stranger.signUp({ email: "new@alajo.test", password, options: { data: { name: "Nia" } } });
report.signUp = { session: joined.data.session, identities: joined.data.user?.identities?.length, error: refusal(joined) };
report.wrong = refusal(await stranger.signInWithPassword({ email, password: `wrong-${password}` }));
report.anonymous = refusal(await stranger.signInAnonymously());
report.noSession = refusal(await stranger.getUser());

const mine = app();
const other = app();
const signedIn = await mine.signInWithPassword({ email, password });
report.signIn = { id: signedIn.data.user?.id, error: refusal(signedIn) };
await other.signInWithPassword({ email, password });

const claims = await mine.getClaims();
report.claims = { aal: claims.data?.claims.aal, role: claims.data?.claims.role, error: refusal(claims) };
const before = signedIn.data.session.refresh_token;
const refreshed = await mine.refreshSession();
report.refresh = { changed: refreshed.data.session?.refresh_token !== before, error: refusal(refreshed) };
const twice = await Promise.all(Array.from({ length: 5 }, () => app().refreshSession({ refresh_token: before })));
report.tabs = [...new Set(twice.map(({ data }) => data.session?.refresh_token))].length;

const updated = await mine.updateUser({ data: { plan: "gold" } });
report.update = { plan: updated.data.user?.user_metadata.plan, error: refusal(updated) };
report.same = refusal(await mine.updateUser({ password }));
report.password = refusal(await mine.updateUser({ password: another }));
report.otherAfterPassword = refusal(await other.getUser());
const again = await other.signInWithPassword({ email, password: another });
report.again = refusal(again);
report.others = refusal(await mine.signOut({ scope: "others" }));
report.otherAfterOthers = refusal(await other.getUser());
report.mineAfterOthers = refusal(await mine.getUser());
const token = (await mine.getSession()).data.session.access_token;
report.signOut = refusal(await mine.signOut());
report.afterSignOut = refusal(await app().getUser(token));

console.log(JSON.stringify(report));
