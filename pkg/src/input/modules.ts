/** The libraries that read some kinds of files: each is loaded when the first such file comes. */

import { invalid, NearmissError } from "../errors.js";

/**
 * @param what the kind of files, for the message
 * @param name of the npm package
 * @param load a dynamic `import()` with a literal name, so that bundlers see it
 * @throws {NearmissError} `INPUT_INVALID` where the package is not installed, `NETWORK` where it cannot be loaded
 */
export async function library<T>(path: string, what: string, name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    const { code } = Object(cause) as { code?: unknown };
    if (code === "ERR_MODULE_NOT_FOUND" || code === "MODULE_NOT_FOUND") {
      throw invalid(path, `to read ${what}, install ${name}`, cause);
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    // A bare name that no bundler replaced: the browser cannot tell where the package is.
    if (cause instanceof TypeError && /specifier/i.test(reason)) throw invalid(path, `to read ${what}, install ${name}`, cause);
    throw new NearmissError("NETWORK", `${path}: what reads ${what} (${name}) could not be loaded: ${reason}`, { cause });
  }
}
