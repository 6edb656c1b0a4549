/** ONNX graphs of a model folder, for onnxruntime-web: registries hold none of all-MiniLM-L6-v2, so they are made from the same safetensors. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../tools/shared.mjs";

const PACKAGES = ["onnx==1.23.2", "onnxruntime==1.32.0", "safetensors==0.8.0", "numpy==2.4.6"];

/** Once. @param {string} folder of the peers @param {string} model folder @returns {Promise<string>} folder of the graphs, `models/<name>` */
export async function exportOnnx(folder, model, name) {
  const out = join(folder, "models", name);
  // Written last.
  if (existsSync(join(out, "tokenizer_config.json"))) return out;
  const python = join(folder, "python", "bin", "python");
  if (!existsSync(python)) await run("python3", ["-m", "venv", join(folder, "python")]);
  await run(python, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
  await run(python, ["bench/download/export_onnx.py", model, out]);
  return out;
}
