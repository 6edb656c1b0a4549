/**
 * Records the trainings that the view "Learn" shows before anything is downloaded: each source of negatives with each margin, and what can
 * be made to go wrong. `node tools/lesson.mjs [--model FOLDER] [--only dense-0.2]` writes www/public/sample/lesson/NAME.json, and how
 * each of them ended into ends.json. Takes ten seconds a recording, with the compact model on a CPU; the same files each time.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lessonCode, material, OUT } from "./lesson/code.mjs";
import { ROOT, script } from "./shared.mjs";

async function main() {
  const { values } = parseArgs({ options: { model: { type: "string" }, only: { type: "string" } } });
  const { choices, nameOf, pack, runOf, unpack } = await lessonCode();
  const notes = await material();
  await mkdir(OUT, { recursive: true });
  for (const choice of choices().filter((choice) => !values.only || nameOf(choice) === values.only)) {
    const { run, verdict } = await trained(runOf, notes, choice, values.model);
    await writeFile(join(OUT, `${nameOf(choice)}.json`), `${JSON.stringify(pack(run))}\n`);
    console.log(nameOf(choice).padEnd(16), told(run.frames), verdict.summary, verdict.collapsed ? "COLLAPSED" : "");
  }
  await writeFile(join(OUT, "ends.json"), `${JSON.stringify(await ends(choices().map(nameOf), unpack))}\n`);
}

/** nDCG@10 on the held-out questions before the first step and after the last, by name: for a look at all of them at once. */
async function ends(names, unpack) {
  const entries = names.map(async (name) => {
    const { frames } = unpack(JSON.parse(await readFile(join(OUT, `${name}.json`), "utf8")));
    return [name, [frames.at(0), frames.at(-1)].map(({ heldOut }) => heldOut)];
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** In an instance of its own: nothing of one training is left for the next. */
async function trained(runOf, notes, choice, model) {
  const { Nearmiss } = await import(join(ROOT, "pkg/dist/index.js"));
  const nm = await Nearmiss.create(model ? { model } : {});
  try {
    return await runOf(nm, notes, choice);
  } finally {
    await nm.dispose();
  }
}

/** First, middle and last moment in a line. */
function told(frames) {
  const digits = { loss: 3, active: 0, rank: 1, alike: 2, heldOut: 3, practice: 3 };
  const moments = [0, Math.floor(frames.length / 2), frames.length - 1];
  return Object.entries(digits).map(([name, digits]) => `${name} ${moments.map((at) => frames[at][name].toFixed(digits)).join(" ")}`).join("  ");
}

await script(import.meta.url, main);
