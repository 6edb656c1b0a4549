"""The job of mining.mjs outside nearmiss, one thread: `python mining_reference.py FOLDER numpy|sentence-transformers`.

Reads FOLDER/job.json (texts, positives, options) and vectors beside it. Prints a JSON line when it is ready, then one for
each line on standard input: `{"ms": …, "searchMs": …, "peakBytes": …}`. The first run writes FOLDER/<kind>.json: for each query
its negatives with their scores, best first, by position.
"""

import os

# Before NumPy and PyTorch are imported: they read these once.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["HF_DATASETS_OFFLINE"] = os.environ["HF_HUB_OFFLINE"] = "1"

import json
import resource
import sys
import time

import numpy as np

# Queries in one product: [256, 10000] scores are 10 MB. Faster here than 64 or all 1,000.
BLOCK = 256


def load(folder):
    with open(f"{folder}/job.json", encoding="utf-8") as file:
        job = json.load(file)
    table = lambda name: np.fromfile(f"{folder}/{name}.f32", dtype="<f4").reshape(-1, job["dim"])
    return job, table("documents"), table("queries")


def numpy_search(documents, queries, k):
    """The k best documents of each query: positions and scores, best first."""
    positions, scores = [], []
    for start in range(0, len(queries), BLOCK):
        block = queries[start : start + BLOCK] @ documents.T
        best = np.argpartition(block, -k, axis=1)[:, -k:]
        values = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        positions.append(np.take_along_axis(best, order, axis=1))
        scores.append(np.take_along_axis(values, order, axis=1))
    return np.concatenate(positions), np.concatenate(scores)


def numpy_mine(job, documents, queries):
    """mine_hard_negatives with sampling_strategy "top" and one positive a query."""
    started = time.perf_counter()
    positions, scores = numpy_search(documents, queries, job["rangeMax"] + 1)
    search = time.perf_counter() - started
    positives = np.asarray(job["positives"])[:, None]
    positive_scores = np.einsum("ij,ij->i", queries, documents[positives[:, 0]])[:, None]
    limit = positive_scores - np.abs(positive_scores) * job["relativeMargin"]
    eligible = (positions != positives) & (scores <= limit)
    eligible &= np.cumsum(eligible, axis=1) <= min(job["numNegatives"], job["rangeMax"])
    mined = [
        [[int(p), float(s)] for p, s in zip(row[keep], values[keep])]
        for row, values, keep in zip(positions, scores, eligible)
    ]
    return mined, search


class GivenVectors:
    """What mine_hard_negatives asks of a model, with vectors that exist already."""

    def __init__(self, job, documents, queries):
        import torch
        from sentence_transformers import util

        torch.set_num_threads(1)
        self.device = torch.device("cpu")
        self.rows = {text: row for row, text in enumerate(job["documents"])}
        self.vectors, self.queries = documents, queries
        # The default similarity of SentenceTransformer.
        self.similarity, self.similarity_pairwise = util.cos_sim, util.pairwise_cos_sim

    def encode_document(self, texts, **_):
        return self.vectors[[self.rows[text] for text in texts]]

    def encode_query(self, texts, **_):
        return self.queries


def sentence_transformers_mine(job, dataset, model):
    from sentence_transformers.util import mine_hard_negatives

    rows = mine_hard_negatives(
        dataset,
        model,
        corpus=job["documents"],
        range_max=job["rangeMax"],
        relative_margin=job["relativeMargin"],
        num_negatives=job["numNegatives"],
        sampling_strategy="top",
        output_scores=True,
        verbose=False,
    )
    return rows


def by_query(job, rows, positions):
    queries = {text: number for number, text in enumerate(job["queries"])}
    mined = [[] for _ in job["queries"]]
    for row in rows:
        mined[queries[row["query"]]].append([positions[row["negative"]], row["scores"][1]])
    return mined


def main():
    folder, kind = sys.argv[1:]
    job, documents, queries = load(folder)
    if kind == "numpy":
        versions = f"NumPy {np.__version__}"
        run = lambda: numpy_mine(job, documents, queries)
        named = lambda mined: mined
    else:
        import datasets
        import sentence_transformers
        import torch

        datasets.disable_progress_bars()
        versions = f"sentence-transformers {sentence_transformers.__version__}, PyTorch {torch.__version__}"
        model = GivenVectors(job, documents, queries)
        positives = [job["documents"][position] for position in job["positives"]]
        pairs = datasets.Dataset.from_dict({"query": job["queries"], "positive": positives})
        run = lambda: (sentence_transformers_mine(job, pairs, model), None)
        named = lambda rows: by_query(job, rows, model.rows)

    print(json.dumps({"versions": versions}), flush=True)
    for number, _ in enumerate(sys.stdin):
        started = time.perf_counter()
        mined, search = run()
        elapsed = time.perf_counter() - started
        if number == 0:
            with open(f"{folder}/{kind}.json", "w", encoding="utf-8") as file:
                json.dump(named(mined), file)
        # Kilobytes on Linux, bytes on macOS.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        times = {"ms": elapsed * 1000, "searchMs": search and search * 1000}
        print(json.dumps({**times, "peakBytes": peak}), flush=True)


main()
