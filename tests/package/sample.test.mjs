/**
 * The sample notes of the page: well formed, split without leaks, and near misses that are near.
 *
 * "Near" is counted in content words, so that no model decides what the sample may hold.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { bm25, contentWords, noteOverlap, queryShare, rarity, similarity } from "./words.mjs";

/** A labelled negative has this share of the query's words, weighted by rarity, or this overlap with a relevant note. */
const NEAR = 0.2;
/** And few pairs taken at random do. */
const NEAR_BY_CHANCE = 0.13;
/** Of all words in a held-out question and one to train on, at most this share may stand in both. */
const MOST_ALIKE = 1 / 3;
/** P@1 of word matching: misled often, but not always. */
const WORD_MATCHING = { least: 0.4, most: 0.75 };

const read = (name) => readFileSync(new URL(`../../www/public/sample/${name}`, import.meta.url), "utf8");
const lines = (name) => read(name).trimEnd().split("\n");

const notes = lines("corpus.jsonl").map((line) => JSON.parse(line));
const queries = lines("queries.jsonl").map((line) => JSON.parse(line));
const splits = { train: judgments("train"), test: judgments("test") };
const all = [...splits.train, ...splits.test];

const textOf = (note) => `${note.title} ${note.text}`;
const noteWords = new Map(notes.map((note) => [note._id, contentWords(textOf(note))]));
const queryWords = new Map(queries.map((query) => [query._id, contentWords(query.text)]));
const idf = rarity([...noteWords.values()]);

function judgments(split) {
  const [header, ...rows] = lines(`qrels.${split}.tsv`);
  assert.equal(header, "query-id\tcorpus-id\tscore");
  return rows.map((row) => {
    assert.match(row, /^[^\t]+\t[^\t]+\t[012]$/);
    const [query, note, score] = row.split("\t");
    return { query, note, score: Number(score) };
  });
}

const idsOf = (rows) => new Set(rows.map(({ query }) => query));
const positives = (query) => all.filter((row) => row.query === query && row.score > 0).map(({ note }) => note);
const negatives = (query) => all.filter((row) => row.query === query && row.score === 0).map(({ note }) => note);
const plain = (text) => text.toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
const unique = (values) => new Set(values).size === values.length;

test("about 80 notes of 40 to 110 words, and 60 questions: 36 to train on, 24 held out", () => {
  assert.ok(notes.length >= 75 && notes.length <= 90, `${notes.length} notes`);
  for (const note of notes) {
    assert.deepEqual(Object.keys(note), ["_id", "title", "text"]);
    const words = note.text.split(/\s+/).length;
    assert.ok(words >= 40 && words <= 110, `${note._id} has ${words} words`);
  }
  assert.equal(queries.length, 60);
  assert.deepEqual([idsOf(splits.train).size, idsOf(splits.test).size], [36, 24]);
});

test("plain ASCII, without space at the ends", () => {
  const printable = /^[!-~]([ -~]*[!-~])?$/;
  for (const { _id, title, text } of notes) for (const field of [_id, title, text]) assert.match(field, printable);
  for (const { _id, text } of queries) for (const field of [_id, text]) assert.match(field, printable);
});

test("ids are unique and every judgment's ids resolve", () => {
  assert.ok(unique(notes.map(({ _id }) => _id)));
  assert.ok(unique(queries.map(({ _id }) => _id)));
  assert.ok(unique(all.map(({ query, note }) => `${query}\t${note}`)), "a pair is judged twice");
  for (const { query, note } of all) assert.ok(queryWords.has(query) && noteWords.has(note), `${query} ${note}`);
});

test("no note, sentence or question stands twice", () => {
  const sentences = notes.flatMap(({ text }) => text.split(/(?<=[.?!])\s+/)).map(plain);
  const shared = ["put the claim into the staff portal within 30 days", "stations buffer readings and send them later so no data is missing"];
  assert.ok(unique(notes.map(({ title }) => plain(title))));
  assert.ok(unique(queries.map(({ text }) => plain(text))));
  const repeated = sentences.filter((sentence, at) => sentences.indexOf(sentence) !== at && sentence.split(" ").length > 5);
  assert.deepEqual(repeated, shared, "only the two that near-identical policies share on purpose");
});

test("each question stands in one split, with 1 or 2 relevant notes, one of them an answer, and 1 or 2 negatives", () => {
  for (const { _id } of queries) {
    assert.notEqual(idsOf(splits.train).has(_id), idsOf(splits.test).has(_id), `${_id} must stand in one split`);
    assert.ok([1, 2].includes(positives(_id).length), `${_id} has ${positives(_id).length} relevant notes`);
    assert.ok([1, 2].includes(negatives(_id).length), `${_id} has ${negatives(_id).length} negatives`);
    assert.equal(all.filter(({ query, score }) => query === _id && score === 2).length, 1, `${_id} needs one full answer`);
  }
});

test("held-out questions are about notes of the training side, in other words", () => {
  const trained = new Set(splits.train.map(({ note }) => note));
  for (const { query, note } of splits.test) assert.ok(trained.has(note), `${query}: ${note} is judged nowhere in training`);
  for (const held of idsOf(splits.test)) {
    for (const train of idsOf(splits.train)) {
      const alike = similarity(queryWords.get(held), queryWords.get(train));
      assert.ok(alike <= MOST_ALIKE, `${held} and ${train} share ${alike} of their words`);
    }
  }
});

test("labelled negatives are near misses, and most other notes are not", () => {
  const near = (query, note) =>
    queryShare(queryWords.get(query), noteWords.get(note), idf) >= NEAR ||
    positives(query).some((positive) => noteOverlap(noteWords.get(positive), noteWords.get(note)) >= NEAR);
  for (const { query, note } of all.filter(({ score }) => score === 0)) assert.ok(near(query, note), `${query}: ${note} is far`);

  const unjudged = queries.flatMap(({ _id }) => notes.filter((note) => !positives(_id).includes(note._id) && !negatives(_id).includes(note._id)).map((note) => near(_id, note._id)));
  const share = unjudged.filter(Boolean).length / unjudged.length;
  assert.ok(share < NEAR_BY_CHANCE, `${share} of all unjudged pairs are as near`);
});

for (const [split, rows] of Object.entries(splits)) {
  test(`word matching finds some of the ${split} answers and is misled about others`, () => {
    const search = bm25(notes.map((note) => [note._id, textOf(note)]));
    const found = [...idsOf(rows)].filter((id) => positives(id).includes(search(queries.find(({ _id }) => _id === id).text)));
    const precision = found.length / idsOf(rows).size;
    assert.ok(precision >= WORD_MATCHING.least && precision <= WORD_MATCHING.most, `P@1 is ${precision}`);
  });
}

test("the read-me states the licence and the counts", () => {
  const readme = read("README.md");
  const words = notes.map(({ text }) => text.split(/\s+/).length);
  assert.match(readme, /CC0/);
  assert.ok(readme.includes(`${notes.length} notes`) && readme.includes(`${Math.min(...words)} to ${Math.max(...words)} words`));
});
