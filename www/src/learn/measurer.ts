/** Where frames are made: here, or in a worker, so that a training in the page keeps it free. */
import type { Rows } from "./algebra.ts";
import type { Example } from "./checkpoint.ts";
import type { Frame } from "./frames.ts";
import { measure, type Ground, type Measured } from "./measure.ts";
import { planeOf } from "./plane.ts";

export interface Measurer {
  /** @returns the share of the notes' variance that the map shows */
  begin(ground: Measured): Promise<number>;
  /** As `measure`; `begin` comes first. */
  frame(weights: Float32Array | null, examples: Example[], before: Example[] | null): Promise<Frame>;
  close(): void;
}

export function inThisThread(): Measurer {
  let ground: Ground | null = null;
  return {
    begin: async (measured) => {
      ground = grounded(measured);
      return ground.plane.share;
    },
    frame: async (weights, examples, before) => {
      if (!ground) throw new Error("there is nothing to measure yet");
      return measure(ground, weights, examples, before);
    },
    close: () => (ground = null),
  };
}

/** With the map on which all frames are drawn. */
function grounded(measured: Measured): Ground {
  const { values, dim } = measured.documents;
  const notes: Rows = { values: values.subarray(0, measured.notes * dim), dim };
  return { ...measured, plane: planeOf(notes) };
}
