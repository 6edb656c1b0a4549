/** The worker that makes frames: 50 to 100 ms each on a laptop, which a page that is being looked at does not have. */
import { inThisThread } from "./measurer.ts";
import type { Answer, Question } from "./measurer-worker.ts";

const measurer = inThisThread();

addEventListener("message", async ({ data }: MessageEvent<Question>) => {
  const answer = async (): Promise<Answer> => {
    try {
      if ("ground" in data) return { share: await measurer.begin(data.ground) };
      return { frame: await measurer.frame(data.weights, data.examples, data.before) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  };
  postMessage(await answer());
});
