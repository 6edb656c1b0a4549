"""Collections, splits and metrics for quality_reference.py: the splits of bench/quality/collection.rs, written again."""

import json
import pathlib

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
COLLECTIONS = json.loads((ROOT / "bench/quality/collections.json").read_text(encoding="utf-8"))
MASK = 2**64 - 1
FOLD_SEED = 1


def normalise(query):
    return " ".join(query.split()).lower()


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def splitmix(state):
    """First output of SplitMix64 from this state."""
    z = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def part(query, seed, parts):
    """The part, from 0, in which a query lies. (The rejection that makes the draw unbiased concerns one in 2^61.)"""
    return (splitmix(seed ^ splitmix(fnv1a(normalise(query)))) * parts) >> 64


def lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def qrels(path, texts):
    """{normalised query: (query, {document: gain})}, relevant documents only."""
    judged = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        query, document, score = line.split("\t")
        if float(score) > 0:
            _, gains = judged.setdefault(normalise(texts[query]), (texts[query], {}))
            gains[document] = max(float(score), gains.get(document, 0.0))
    return judged


def splits(name, slices):
    """(ids, texts of documents, [(fold or None, train, held out)]); both sides as `qrels` gives them."""
    spec = COLLECTIONS[name]
    folder = slices / spec["slice"] if "slice" in spec else ROOT / spec["data"]
    corpus = lines(folder / "corpus.jsonl")
    texts = {query["_id"]: query["text"] for query in lines(folder / "queries.jsonl")}
    train = qrels(folder / spec["train"], texts)
    if "folds" in spec:
        where = {query: part(query, FOLD_SEED, spec["folds"]) for query in train}
        pick = lambda wanted: {query: judged for query, judged in train.items() if wanted(where[query])}
        sides = [(fold, pick(lambda at: at != fold), pick(lambda at: at == fold)) for fold in range(spec["folds"])]
    else:
        test = qrels(folder / spec["test"], texts)
        sides = [(None, {query: judged for query, judged in train.items() if query not in test}, test)]
    contents = [f"{d.get('title', '').strip()} {d['text'].strip()}".strip() for d in corpus]
    return [d["_id"] for d in corpus], contents, sides


def ndcg(ids, documents, queries, held_out):
    """nDCG@10 of each held-out query, linear gain; vectors are of length 1, `queries` in the order of `held_out`."""
    discount = 1 / np.log2(np.arange(2, 12))
    values = []
    for row, (_, gains) in zip(queries @ documents.T, held_out.values()):
        best = np.argsort(-row, kind="stable")[:10]
        ideal = np.sort(list(gains.values()))[::-1][:10]
        found = np.array([gains.get(ids[at], 0.0) for at in best])
        values.append(found @ discount[: len(found)] / (ideal @ discount[: len(ideal)]))
    return np.array(values)


def compare(before, after, seed):
    """The fields of a row that say whether search got better: 95 % paired bootstrap, 10,000 resamples."""
    differences = after - before
    draws = np.random.default_rng(seed).integers(len(differences), size=(10_000, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    outcome = "better" if low > 0 else "worse" if high < 0 else "no-difference"
    return {
        "queries": len(before),
        "before": {"ndcg@10": before.mean()},
        "after": {"ndcg@10": after.mean()},
        "difference": differences.mean(),
        "interval": [low, high],
        "outcome": outcome,
    }
