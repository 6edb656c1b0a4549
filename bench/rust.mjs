/**
 * `cargo bench` as a table: each routine of benches/ and, below it, the twin that does the same in the plainest way, from one run. What they
 * find is compared before they are timed. Writes bench/results/<date>-rust.md.
 *
 *     node bench/rust.mjs [--quick]       # needs Rust alone; --quick takes few samples
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ask, run, TARGET } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, save, table, whole } from "./speed/results.mjs";

const FEW = ["--warm-up-time", "0.5", "--measurement-time", "1", "--sample-size", "10"];

/** Criterion's own records of one run, in the order in which they were written. */
async function records(since) {
  const folder = join(TARGET, "criterion");
  const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(join("new", "benchmark.json")));
  const read = async (name) => JSON.parse(await readFile(join(folder, name), "utf8"));
  const all = await Promise.all(
    files.map(async (name) => {
      const { mtimeMs } = await stat(join(folder, name));
      const { group_id, function_id } = await read(name);
      const { median } = await read(name.replace("benchmark.json", "estimates.json"));
      const { lower_bound, upper_bound } = median.confidence_interval;
      return { group: group_id, name: function_id, mtimeMs, ns: median.point_estimate, from: lower_bound, to: upper_bound };
    }),
  );
  return all.filter(({ mtimeMs }) => mtimeMs >= since).toSorted((a, b) => a.mtimeMs - b.mtimeMs);
}

function time(ns) {
  const [value, unit] = ns < 1e3 ? [ns, "ns"] : ns < 1e6 ? [ns / 1e3, "µs"] : ns < 1e9 ? [ns / 1e6, "ms"] : [ns / 1e9, "s"];
  return `${value.toPrecision(3)} ${unit}`;
}

const figure = (ratio) => (ratio < 9.5 ? ratio.toPrecision(2) : whole(ratio));

/** The twin stands for 1: how many times faster is each of the others? */
function rows(all) {
  return [...new Set(all.map(({ group }) => group))].flatMap((group) => {
    const members = all.filter((record) => record.group === group);
    const twin = members.find(({ name }) => name.startsWith("twin"));
    return members.map(({ name, ns, from, to }, at) => {
      const ratio = twin && !name.startsWith("twin") ? figure(twin.ns / ns) : "";
      return [at === 0 ? group : "", name, time(ns), `${time(from)} – ${time(to)}`, ratio];
    });
  });
}

await command(import.meta.url, async () => {
  const started = Date.now();
  await run("cargo", ["bench", ...(QUICK ? ["--", ...FEW] : [])], { show: true });
  const all = await records(started);
  await save("rust", [
    ...head("Routines of the pure rooms beside plain twins", { where: ask("rustc", ["--version"]) ?? "rustc" },
      "", "Built natively with the release profile, in which nearmiss itself is built for size and its kernels for speed. Medians with their 95 % intervals; the last",
      "column is the twin's time over the routine's, above 1 in favour of nearmiss. A twin may do less: it reports nothing, or is an approximation, as it says."),
    ...table(["", "", "median", "interval", "twin / routine"], rows(all)),
  ]);
});
