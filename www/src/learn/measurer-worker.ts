/** The measurer that works in a worker of its own; one question at a time. */
import type { Example } from "./checkpoint.ts";
import type { Frame } from "./frames.ts";
import type { Measured } from "./measure.ts";
import type { Measurer } from "./measurer.ts";

export type Question = { ground: Measured } | { weights: Float32Array | null; examples: Example[]; before: Example[] | null };
export type Answer = { share: number } | { frame: Frame } | { error: string };

export function inWorker(): Measurer {
  const worker = new Worker(new URL("./measuring.ts", import.meta.url), { type: "module" });
  /** Ends the question that is open: a worker that was terminated answers nothing. */
  let giveUp = () => {};
  const ask = (question: Question) =>
    new Promise<Answer>((answered, failed) => {
      giveUp = () => failed(new Error("the training was ended"));
      worker.onmessage = ({ data }: MessageEvent<Answer>) => ("error" in data ? failed(new Error(data.error)) : answered(data));
      worker.onerror = ({ message }) => failed(new Error(`the worker that measures ended: ${message}`));
      worker.postMessage(question);
    });
  return {
    begin: async (ground) => {
      const answer = await ask({ ground });
      return "share" in answer ? answer.share : 0;
    },
    frame: async (weights, examples, before) => {
      const answer = await ask({ weights, examples, before });
      if (!("frame" in answer)) throw new Error("the worker that measures gave no frame");
      return answer.frame;
    },
    close: () => {
      worker.terminate();
      giveUp();
    },
  };
}
