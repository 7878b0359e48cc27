import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { read } from "../../src/wire.js";
import { files, message as valid, script, WIDGET } from "../support/paths.js";

test("the committed file is what the source builds to", () => {
  const built = execFileSync(process.execPath, [join(WIDGET, "build.mjs"), "--stdout"], { encoding: "utf8" });
  assert.ok(built === script(), "run `make widget` and commit widget/dist/");
});

test("code and styles together weigh at most 9.9 KB gzipped", () => {
  const size = gzipSync(script(), { level: 9 }).length;
  assert.ok(size <= 9900, `${size} bytes`);
});

test("it brings no font, no picture and no address of anybody", () => {
  const named = script().replace("http://www.w3.org/2000/svg", ""); // The name of a language; nobody asks there.
  assert.doesNotMatch(named, /@font-face|@import|url\(|https?:\/\/[a-z]/);
});

test("no dependency but those for building and testing, all at one version", () => {
  const manifest = JSON.parse(readFileSync(join(WIDGET, "package.json"), "utf8")) as Record<string, Record<string, string>>;
  assert.equal(manifest["dependencies"], undefined);
  for (const [name, version] of Object.entries(manifest["devDependencies"]!)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
  assert.doesNotMatch(readFileSync(join(WIDGET, "package-lock.json"), "utf8"), /"resolved"/);
});

test("the examples of the wire format are of its schema, and are read", () => {
  for (const path of files("wire/fixtures")) {
    const text = readFileSync(path, "utf8");
    assert.ok(valid(JSON.parse(text)), `${path}: ${JSON.stringify(valid.errors)}`);
    assert.deepEqual(read(text), JSON.parse(text));
  }
  for (const path of files("wire/refused")) assert.equal(valid(JSON.parse(readFileSync(path, "utf8"))), false, path);
});
