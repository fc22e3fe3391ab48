// Bundle the console's scripts into console/static/dist (git-ignored; `make setup` runs this).
import { build } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
await build({
  entryPoints: [join(here, "console.js"), join(here, "replay.js"), join(here, "seat.js"), join(here, "wallboard.js"), join(here, "news.js"), join(here, "phone.js"), join(here, "desk.js")],
  outdir: join(here, "..", "static", "dist"),
  bundle: true,
  minify: true,
  sourcemap: "linked",
  format: "esm",
  target: ["chrome110", "firefox115", "safari16"],
  legalComments: "linked",
  logLevel: "warning",
});
