/** Queries made from the documents themselves, for folders in which nobody has judged any. */

import { NearmissError } from "../errors.js";
import type { PseudoKind } from "../types.js";
import type { Args } from "./args.js";
import type { Session } from "./session.js";

/**
 * Adds them to the training side; says how many there are.
 *
 * @returns null without `--pseudo-queries`
 * @throws {NearmissError} `INSUFFICIENT_DATA` when the documents give none of these kinds
 */
export async function addPseudoQueries(session: Session, args: Args): Promise<number | null> {
  const kinds = args.value<PseudoKind[]>("pseudo-queries");
  if (kinds === undefined) return null;
  const { queries } = await session.host.call("pseudoQueries", [{ kinds, ...args.settings(["seed"]) }]);
  if (queries.length === 0) throw new NearmissError("INSUFFICIENT_DATA", `no query could be made from these documents by ${kinds.join(", ")}`);
  session.progress.note(`${queries.length} queries made from the documents`);
  return queries.length;
}

/** Without judgments by people a fifth of the made queries would be held out; where nothing is measured, none need be. */
export async function trainOnAll(session: Session): Promise<void> {
  const made = (await session.host.call("judgments", [])).filter(({ source }) => source === "synthetic");
  await session.host.call("addJudgments", [made.map((judgment) => ({ ...judgment, split: "train" as const }))]);
}
