// Builds dist/clinic-guide.js; `node build.mjs --stdout` writes it to the terminal instead.
import { readFile } from "node:fs/promises";
import { stdout } from "node:process";
import { build, transform } from "esbuild";

const minifiedCss = {
  name: "css as text",
  setup(plugin) {
    plugin.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true, target: "chrome109" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const { outputFiles } = await build({
  entryPoints: [new URL("src/index.ts", import.meta.url).pathname],
  outfile: new URL("dist/clinic-guide.js", import.meta.url).pathname,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  plugins: [minifiedCss],
  write: !process.argv.includes("--stdout"),
});
if (outputFiles) stdout.end(outputFiles[0].contents);
