/** Signs by which one knows that a training goes wrong, read from its numbers and not from what was asked for. */
import type { Trouble } from "../../learn/settings.ts";
import type { Moment } from "./moment.ts";

/**
 * Share of the directions in use at the start, and cosine of two notes: on the sample a healthy training keeps 99 % and stays below 0.2,
 * overfitting keeps 75 % and reaches 0.25.
 */
const FEWER = 0.6;
const ALIKE = 0.5;
/** Of nDCG@10. A training on all questions gains on both. */
const LOST = 0.03;
const GAINED = 0.1;
/** Steps after which a training that goes well has let some triplets rest, at every margin but the widest. */
const PATIENCE = 12;

/** Null as long as nothing looks wrong. */
export function signOf({ frame, start, step }: Moment): Exclude<Trouble, "none"> | null {
  if (frame.alike > ALIKE || frame.rank < FEWER * start.rank) return "collapse";
  if (frame.heldOut < start.heldOut - LOST && frame.practice > start.practice + GAINED) return "overfitting";
  return step >= PATIENCE && frame.active === frame.triplets ? "false-negatives" : null;
}
