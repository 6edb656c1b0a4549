/**
 * Recorded trainings as small JSON: numbers rounded, and places on the map as how far each point moved, in one character a coordinate.
 * What rounding leaves of a move is added to the next one, so that a place is never off by more than half a unit of its last step.
 */
import type { Frame, Run, Scored } from "./frames.ts";

/** URL-safe base64: nothing of it is escaped in JSON. */
const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/** Moves of −31 to 31 units. */
const MIDDLE = 31;

export interface PackedRun extends Omit<Run, "frames"> {
  frames: PackedFrame[];
}

/**
 * `numbers` in the order of `NUMBERS`; `unit` of the moves; `followed` holds pairs of a document and a cosine in thousandths, one after
 * the other, the positive first.
 */
export interface PackedFrame {
  numbers: number[];
  same: number | null;
  unit: number;
  moves: string;
  bars: [number[], number[]];
  followed: number[][];
}

/** With the digits that are kept. */
const NUMBERS = { loss: 4, active: 0, triplets: 0, positive: 3, negative: 3, rank: 1, alike: 3, heldOut: 3, practice: 3 } as const;
type NumberName = keyof typeof NUMBERS;
const NAMES = Object.keys(NUMBERS) as NumberName[];

export function pack(run: Run): PackedRun {
  let places: number[] = [];
  const frames = run.frames.map((frame) => {
    const target = frame.places.flat();
    const from = target.map((_, at) => places[at] ?? 0);
    const farthest = Math.max(...target.map((value, at) => Math.abs(value - (from[at] ?? 0))));
    const unit = Number((farthest / MIDDLE || 1).toPrecision(4));
    const moves = target.map((value, at) => Math.min(Math.max(Math.round((value - (from[at] ?? 0)) / unit), -MIDDLE), MIDDLE));
    places = from.map((value, at) => value + (moves[at] ?? 0) * unit);
    return packFrame(frame, unit, moves);
  });
  return { ...run, share: rounded(run.share, 3), frames };
}

export function unpack(run: PackedRun): Run {
  let places: number[] = [];
  const frames = run.frames.map((frame) => {
    places = [...frame.moves].map((digit, at) => (places[at] ?? 0) + (DIGITS.indexOf(digit) - MIDDLE) * frame.unit);
    return unpackFrame(frame, places);
  });
  return { ...run, frames };
}

function packFrame(frame: Frame, unit: number, moves: number[]): PackedFrame {
  const { same, bars, followed } = frame;
  return {
    numbers: NAMES.map((name) => rounded(frame[name], NUMBERS[name])),
    same: same === null ? null : rounded(same, 2),
    unit,
    moves: moves.map((move) => DIGITS[move + MIDDLE]).join(""),
    bars: [bars.positives, bars.negatives],
    followed: followed.map(({ positive, negatives }) => [positive, ...negatives].flatMap(thousandths)),
  };
}

function thousandths([document, cosine]: Scored): number[] {
  return [document, Math.round(cosine * 1000)];
}

function unpackFrame({ numbers, same, bars: [positives, negatives], followed }: PackedFrame, places: number[]): Frame {
  const named = Object.fromEntries(NAMES.map((name, at) => [name, numbers[at] ?? 0])) as Record<NumberName, number>;
  return {
    ...named,
    same,
    bars: { positives, negatives },
    places: pairs(places),
    followed: followed.map((flat) => {
      const [positive = [0, 0], ...others] = pairs(flat).map(([document, cosine]): Scored => [document, cosine / 1000]);
      return { positive, negatives: others };
    }),
  };
}

function pairs(flat: number[]): [number, number][] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? 0, flat[2 * at + 1] ?? 0]);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
