/** The guided lesson: ten steps, each with the training that it shows. */
import type { Lesson } from "../learn/settings.ts";

export interface GuideStep {
  title: string;
  text: string;
  show: Pick<Lesson, "negatives" | "margin" | "trouble" | "step" | "query">;
}

const usual = { negatives: "dense", margin: 0.2, trouble: "none", step: 0, query: 0 } as const;

export const guide = {
  title: "A lesson in ten steps",
  start: "Start the lesson",
  next: "Next",
  done: "Finish",
  place: (step: number, title: string) => `${step} of 10: ${title}`,
  /** What is shown after the lesson. */
  left: usual,
  steps: [
    {
      title: "A question and its near misses",
      text: "The question stands in the middle, its answer is the round point with the tick. Some wrong notes, the numbered ones, are nearer to the question than the answer is: search would put them first. The table below says which they are.",
      show: usual,
    },
    {
      title: "The margin",
      text: "Being nearer is not enough: the answer has to win by a margin, so that small differences do not decide. The ring stands a margin behind the answer. Drag it, or move it with the arrow keys: the wider it is, the more negatives lie inside.",
      show: usual,
    },
    {
      title: "One step: pull and push",
      text: "Press Step a few times. The answer is pulled in, negatives inside the ring are pushed out, and what lies outside is left alone. Each step takes a third of the questions, so this question may also be moved by what others learn.",
      show: usual,
    },
    {
      title: "A whole training",
      text: "Press Play. Under All questions, the similarities of positives and of negatives drift apart, and fewer and fewer triplets are active. Once all have their margin there is nothing left to learn from them.",
      show: usual,
    },
    {
      title: "Is search better?",
      text: "A falling loss says only that training questions were learnt. What counts are test questions that training never saw: look at how nDCG@10 went on them, from 0, nothing found, to 1, every answer on top.",
      show: { ...usual, step: 24 },
    },
    {
      title: "Random negatives are too easy",
      text: "The same training with notes drawn at random. Nearly all lie far outside the ring from the start, so that few triplets are active and the model learns little. Compare nDCG@10 with the step before.",
      show: { ...usual, negatives: "random", step: 24 },
    },
    {
      title: "Near misses are worth more",
      text: "With notes that share words with the question (BM25) there is more to learn, and more still with notes that the model itself takes for answers. As it learns, others become its near misses: looked up anew at every step (ANCE), they stay hard.",
      show: { ...usual, negatives: "ance", step: 24 },
    },
    {
      title: "Collapse",
      text: "Now pairs are only pulled together and nothing is pushed apart. The cheapest way to do so is to put everything in one place: press Play and watch the map, the directions in use, and the loss, which falls beautifully while search is ruined.",
      show: { ...usual, negatives: "ance", trouble: "collapse" },
    },
    {
      title: "False negatives",
      text: "Every answer now stands in the notes twice, and nobody marked the second copy. It looks like the hardest negative there is, but it answers: pushing it away pushes the answer too. No triplet ever comes to rest. Mining has rules against it, which were turned off here.",
      show: { ...usual, negatives: "ance", trouble: "false-negatives", step: 24 },
    },
    {
      title: "Overfitting",
      text: "Long practice on six questions only, at a high rate. These are answered perfectly, and test questions worse than before training. So measure on questions that were kept apart, and go back to the old model when they get worse; Tune does both.",
      show: { ...usual, negatives: "ance", trouble: "overfitting", step: 24 },
    },
  ] satisfies GuideStep[] as GuideStep[],
};
