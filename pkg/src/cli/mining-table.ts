/** A `MiningReport` as text: what was taken, what was dropped and why, and how near the negatives are to the positives. */

import type { MiningReport, Quantiles } from "../types.js";

/** How a person would say it. */
const RULES: Record<keyof MiningReport["dropped"], string> = {
  positive: "relevant to the query",
  copy: "copy of a relevant document",
  labelled: "judged already",
  nearDuplicate: "near duplicate of a positive",
  sibling: "chunk of a positive's document",
  sameTitle: "title of a positive",
  absoluteMargin: "absolute margin",
  relativeMargin: "relative margin",
  maxScore: "above the highest score",
  minScore: "below the lowest score",
  teacher: "as good as a positive to the teacher",
};

/** Longest bar of the histogram, in characters. */
const BAR = 24;

/** Plain text, at most 80 columns; ends with a newline. */
export function miningTable(report: MiningReport): string {
  const parts = [headline(report), sources(report), dropped(report), scores(report), histogram(report)];
  return parts.filter((part) => part !== "").join("\n");
}

function headline(report: MiningReport): string {
  const { strategy, negatives, pairs, candidates, miningMs, shortfall, shortPairs, toppedUp, suspects, overlap, rangeMin, rangeMax } = report;
  const lines = [`${strategy}: ${negatives} negatives for ${pairs} pairs, from ${candidates} candidates in ${Math.round(miningMs)} ms`];
  if (rangeMax > rangeMin) lines.push(`places ${rangeMin + 1} to ${rangeMax} among those that passed the filters`);
  if (toppedUp > 0) lines.push(`${toppedUp} random documents filled places that would have stayed empty`);
  if (shortfall > 0) lines.push(`${shortfall} negatives are missing, for ${shortPairs} pairs`);
  if (suspects > 0) lines.push(`${suspects} documents may well be answers: see --suspects`);
  if (overlap !== null) lines.push(`${Math.round(100 * overlap)} % of the negatives were found by the mining before this one too`);
  return `${lines.join("\n")}\n`;
}

function sources({ sources, negatives }: MiningReport): string {
  const rows = Object.entries(sources).map(([source, count]) => [source, String(count), share(count, negatives)]);
  return rows.length === 0 ? "" : table(["negatives by source", "", ""], rows);
}

function dropped({ dropped, candidates }: MiningReport): string {
  const rows = Object.entries(RULES).map(([rule, name]) => {
    const count = dropped[rule as keyof typeof RULES];
    return [name, String(count), share(count, candidates)];
  });
  return table(["candidates dropped by", "", ""], rows);
}

function scores({ positiveScores, negativeScores }: MiningReport): string {
  const row = (name: string, quantiles: Quantiles | null) => {
    return quantiles ? [[name, ...(["min", "p25", "median", "p75", "max"] as const).map((at) => quantiles[at].toFixed(3))]] : [];
  };
  const rows = [...row("positives", positiveScores), ...row("negatives", negativeScores)];
  return rows.length === 0 ? "" : table(["cosine", "min", "p25", "median", "p75", "max"], rows);
}

/** One line a bin: positives to the left, negatives to the right, both to one scale. */
function histogram({ histogram }: MiningReport): string {
  if (!histogram || histogram.positives.length === 0) return "";
  const { min, max, positives, negatives } = histogram;
  const most = Math.max(1, ...positives, ...negatives);
  const width = (max - min) / positives.length;
  // Whoever counts at all is to be seen.
  const bar = (count: number) => "#".repeat(count === 0 ? 0 : Math.max(1, Math.round((BAR * count) / most)));
  const edge = (bin: number) => (min + bin * width).toFixed(2).padStart(5);
  const rows = positives.map((count, bin) => {
    const other = negatives[bin] ?? 0;
    return `  ${edge(bin)} …${edge(bin + 1)}  ${bar(count).padStart(BAR)} ${String(count).padStart(4)} | ${String(other).padEnd(4)} ${bar(other)}`.trimEnd();
  });
  const heading = `cosine${" ".repeat(9 + BAR - 4)}positives | negatives`;
  return `${[heading, ...rows].join("\n")}\n`;
}

function share(count: number, of: number): string {
  return of > 0 ? `${Math.round((100 * count) / of)} %` : "";
}

/** First column to the left, the others to the right; the heading stands two places out. */
function table(heading: string[], rows: string[][]): string {
  const all = [heading, ...rows.map(([first = "", ...rest]) => [`  ${first}`, ...rest])];
  const widths = heading.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const line = (row: string[]) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  ").trimEnd();
  return `${all.map(line).join("\n")}\n`;
}
