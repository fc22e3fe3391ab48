// Every page: htmx with server-sent events, clocks that tick between two boards, forms that survive a reload.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { tick } from "./clocks.js";
import { watchFloor } from "./floor.js";
import { keepForms } from "./keep.js";
import { groups } from "./nav.js";
import { rows } from "./rows.js";

window.htmx = htmx;
tick();
setInterval(tick, 1000);
document.addEventListener("htmx:afterSettle", tick);
document.addEventListener("htmx:sseMessage", tick);
watchFloor(htmx);
keepForms();
rows();
groups();
