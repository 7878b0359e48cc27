import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import type { Line } from "../../src/wire.js";

/** The folder `widget/`, wherever the tests were bundled to. */
export const WIDGET = ((): string => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "build.mjs"))) folder = dirname(folder);
  return folder;
})();

export const script = (): string => readFileSync(join(WIDGET, "dist", "clinic-guide.js"), "utf8");

/** Reads an example of the wire format, which the Python tests read too. */
export const fixture = (name: string): Line =>
  JSON.parse(readFileSync(join(WIDGET, "wire", "fixtures", `${name}.json`), "utf8")) as Line;

const schema = (name: string): object => JSON.parse(readFileSync(join(WIDGET, "wire", name), "utf8")) as object;

/** The schemas of the wire format, which the Python tests read too: of a line of a reply, and of what is sent. */
export const message = new Ajv({ strict: false }).compile(schema("message.schema.json"));
export const request = new Ajv({ strict: false }).compile(schema("request.schema.json"));

export const files = (folder: string): string[] => readdirSync(join(WIDGET, folder)).map((name) => join(WIDGET, folder, name));
