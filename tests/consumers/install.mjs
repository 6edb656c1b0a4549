/** The package as a stranger gets it: packed, then installed from the tarball into a folder that sees nothing of this checkout. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, ROOT } from "../../tools/shared.mjs";

const PKG = join(ROOT, "pkg");
const FIXTURES = join(ROOT, "tests", "consumers");
const SHELF = join(CACHE, "consumers");
/** npm ci has fetched every dependency already, so that this works without a network too. */
const INSTALL = ["--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts"];

/** Standard output of a program that must end with status 0. */
export async function output(command, args, options = {}) {
  return (await promisify(execFile)(command, args, { encoding: "utf8", maxBuffer: 1e8, ...options })).stdout;
}

/** @returns {Promise<{ files: { path: string, size: number }[], size: number, unpackedSize: number }>} what `npm publish` would send, in bytes */
export async function contents() {
  return (JSON.parse(await output("npm", ["pack", "--dry-run", "--json"], { cwd: PKG })))[0];
}

/**
 * Packs and installs, unless this very package is installed already.
 * @returns {Promise<{ folder: string, tarball: string }>} `folder` holds node_modules with the package and what it depends on
 */
export async function installed() {
  const folder = join(SHELF, `nearmiss-${await fingerprint()}`);
  const tarball = join(folder, "nearmiss.tgz");
  if (existsSync(folder)) return { folder, tarball };
  await mkdir(SHELF, { recursive: true });
  // What earlier states of the package left: 60 MB each.
  for (const name of await readdir(SHELF)) if (name.startsWith("nearmiss-")) await rm(join(SHELF, name), { recursive: true });
  const part = join(SHELF, `part-${process.pid}`);
  await mkdir(part);
  const [{ filename }] = JSON.parse(await output("npm", ["pack", "--json", "--pack-destination", part], { cwd: PKG }));
  await rename(join(part, filename), join(part, "nearmiss.tgz"));
  await writeFile(join(part, "package.json"), '{ "private": true }\n');
  await output("npm", ["install", ...INSTALL, "./nearmiss.tgz"], { cwd: part });
  await rename(part, folder);
  return { folder, tarball };
}

/** A fresh copy of a fixture beside the installed package. @returns its folder */
export async function fixture(name) {
  const { folder } = await installed();
  const copy = join(folder, name);
  await rm(copy, { recursive: true, force: true });
  await cp(join(FIXTURES, name), copy, { recursive: true });
  return copy;
}

/** A fixture with a package.json and a lock file of its own; what they name is kept between runs. @returns its folder */
export async function heavyFixture(name) {
  const { folder } = await installed();
  const lock = await readFile(join(FIXTURES, name, "package-lock.json"));
  const copy = join(SHELF, `${name}-${createHash("sha256").update(lock).digest("hex").slice(0, 12)}`);
  await cp(join(FIXTURES, name), copy, { recursive: true });
  if (!existsSync(join(copy, "node_modules", ".package-lock.json"))) await output("npm", ["ci", ...INSTALL], { cwd: copy });
  await rm(join(copy, "node_modules", "nearmiss"), { recursive: true, force: true });
  await cp(join(folder, "node_modules"), join(copy, "node_modules"), { recursive: true, filter: (path) => !path.endsWith(".package-lock.json") });
  return copy;
}

/** Of every file that could be packed: its path, size and time. */
async function fingerprint() {
  const hash = createHash("sha256");
  for (const path of (await readdir(PKG, { recursive: true })).sort()) {
    const { size, mtimeMs } = await stat(join(PKG, path));
    hash.update(`${path}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex").slice(0, 12);
}
