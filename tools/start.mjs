/** `npm start`: from a bare checkout to the page in a browser. PORT chooses another port than 4173. */
import { join } from "node:path";
import { build } from "./build.mjs";
import { setup } from "./setup.mjs";
import { ROOT, script, SetupError, step } from "./shared.mjs";

/** The page is served as it would be deployed: built once, static, no development server in between. */
async function start() {
  const port = Number(process.env.PORT ?? 4173);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new SetupError(`PORT must be 1 to 65535, not ${process.env.PORT}`);
  await setup(["rust", "node", "bindgen", "model"]);
  await build();

  const vite = await import("vite"); // exists only after setup
  const root = join(ROOT, "www");
  await step("page", async () => void (await vite.build({ root, logLevel: "warn" })));
  try {
    await vite.preview({ root, preview: { port, strictPort: true, host: "127.0.0.1" } });
  } catch (cause) {
    throw new SetupError(`cannot serve on port ${port}: ${cause.message}\nChoose another: PORT=4200 npm start`);
  }
  console.log(`\nnearmiss is at http://localhost:${port}/  (Ctrl+C stops it)`);
}

await script(import.meta.url, start);
