/** PyTorch on the same work, where Python has it: bench/gpu/reference.py in a process of its own. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ask, ROOT, run } from "../../tools/shared.mjs";

const PYTHON = process.env.PYTHON ?? "python3";
const SCRIPT = join(ROOT, "bench/gpu/reference.py");

/**
 * @param {{ cpu: boolean }} options `cpu`: take the CPU where there is no CUDA, to see that it runs
 * @returns {{ version: string, encode, train } | null} null where torch, transformers or the device is missing
 */
export function torch({ cpu }) {
  const probe = "import torch, transformers; print('cuda' if torch.cuda.is_available() else 'cpu', torch.__version__, transformers.__version__)";
  const [device, version, transformers] = ask(PYTHON, ["-c", probe])?.split("\n").at(-1).split(" ") ?? [];
  if (device === undefined || (device === "cpu" && !cpu)) return null;
  return {
    version: `${version} with transformers ${transformers} on ${device}`,
    /** @returns {Promise<{ times: number[], rows: number[] }[]>} of each batch of ids */
    encode: (model, batches, turns) => reference("encode", device, { model, batches, ...turns }),
    /** @returns {Promise<{ times: number[], losses: number[] }>} losses of all steps, warm ones included */
    train: (given, turns) => reference("train", device, { ...given, ...turns }),
  };
}

async function reference(what, device, job) {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-torch-"));
  try {
    await writeFile(join(folder, "job.json"), JSON.stringify(job));
    await run(PYTHON, [SCRIPT, what, device, folder]);
    return JSON.parse(await readFile(join(folder, "found.json"), "utf8"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
