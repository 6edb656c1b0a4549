/** From the grid to single runs. */
import { SEEDS } from "./grid.mjs";

/**
 * Every run of a grid, collection by collection: those of one collection in the order of the grid's settings, but all of a
 * head's first seed before its second, so that a run cut short has seen every setting.
 *
 * @param {string} only "collection,setting": parts of names, either may be empty
 * @returns {{ key: string, collection: string, setting: string, seed: number, fold: number | null, request: object }[]}
 */
export function plan(grid, collections, only = "") {
  const [wantedCollection, wantedSetting] = split(only);
  const names = Object.keys(collections).filter((name) => name.includes(wantedCollection));
  const settings = grid.settings.filter(({ name }) => name.includes(wantedSetting));
  return names.flatMap((collection) => {
    const here = settings.filter(({ on }) => on === undefined || on.includes(collection));
    const runs = here.flatMap((setting, place) => (setting.seeds ?? SEEDS).map((seed) => ({ setting, seed, place })));
    const depth = ({ setting }) => (setting.options.trainable ?? "head") === "head" ? 0 : 1;
    runs.sort((a, b) => depth(a) - depth(b) || a.seed - b.seed || a.place - b.place);
    const folds = collections[collection].folds;
    const parts = folds ? Array.from({ length: folds }, (_, fold) => fold) : [null];
    return runs.flatMap(({ setting, seed }) => parts.map((fold) => run(grid, collection, collections[collection], setting, seed, fold)));
  });
}

/** At the first comma: names of settings hold commas. */
function split(only) {
  const at = only.indexOf(",");
  return at < 0 ? [only, ""] : [only.slice(0, at), only.slice(at + 1)].map((part) => part.trim());
}

function run(grid, collection, { train, test, dev, folds }, { name, options, mineOnce, judgments }, seed, fold) {
  const request = {
    train,
    ...(folds ? { folds: { of: folds, fold } } : { test }),
    evaluate: grid.evaluate,
    ...(grid.evaluate === "dev" && dev ? { dev } : {}),
    ...(judgments === undefined ? {} : { judgments }),
    ...(mineOnce === undefined ? {} : { mineOnce: { ...mineOnce, seed } }),
    options: { ...options, seed },
  };
  return { key: keyOf({ collection, request }), collection, setting: name, seed, fold, request };
}

/** Names a run by what it does: a setting that is changed in the grid is run again. */
export function keyOf({ collection, request }) {
  return JSON.stringify([collection, request]);
}
