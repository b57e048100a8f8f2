/* Entry point. Each module binds itself to data-* attributes and leaves the page working without it. */
import "./theme.js";
import "./hide-balances.js";
import "./submit-once.js";
import "./copy.js";
import "./share.js";
import "./dialog.js";
import "./menu.js";
import "./password.js";
import "./money-input.js";
import "./fill.js";
import "./skip-empty.js";
import "./swaps.js";
import "./live.js";
import "./toast.js";
import "./passkey.js";
import "./print.js";
import "./upload.js";
