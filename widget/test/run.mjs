// Bundles the tests and runs them with Node's own runner: `node test/run.mjs [part of a name ...]`.
// Without a name: all of unit/ and browser/. `e2e` needs the real bot's address in GUIDE_URL.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = `${here}out`;
const wanted = process.argv.slice(2);

const all = (await readdir(here, { recursive: true })).filter((name) => name.endsWith(".test.ts")).sort();
const chosen = all.filter((name) =>
  wanted.length ? wanted.some((part) => name.includes(part)) : !name.startsWith("e2e"),
);
if (!chosen.length) throw new Error(`No test is called ${wanted.join(" or ")}; there are: ${all.join(", ")}`);

rmSync(out, { recursive: true, force: true });
await build({
  absWorkingDir: here,
  entryPoints: chosen,
  outdir: out,
  outbase: here,
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  sourcemap: "inline",
  outExtension: { ".js": ".mjs" },
});
const files = chosen.map((name) => `${out}/${name.replace(/\.ts$/, ".mjs")}`);
const flags = ["--enable-source-maps", "--test", "--test-concurrency=1"];
process.exit(spawnSync(process.execPath, [...flags, ...files], { stdio: "inherit" }).status ?? 1);
