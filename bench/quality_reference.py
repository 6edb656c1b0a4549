"""Training as sentence-transformers and PyTorch do it, on the splits of quality.mjs: rows to set beside ours.

    python bench/quality_reference.py head scifact 0,1,2 >> reference.jsonl
    python bench/quality_reference.py lora "slice by query" >> reference.jsonl
    node bench/quality.mjs --reference reference.jsonl

MultipleNegativesRankingLoss (scale 30) on (query, positive, hard negative); batch, steps, peak learning rate and warm-up by
the defaults of nearmiss for what is trained. No queries are set aside from training: the last weights are measured.

head   a residual linear map, both towers, on frozen embeddings; AdamW; negatives mined anew each epoch
lora   rank 8, alpha 16 on query and value, by PEFT; negatives mined once
full   every layer but word embeddings; negatives mined once

Needs sentence-transformers, datasets, accelerate, peft, and for the slices `node bench/slices.mjs` by way of quality.mjs.
"""

import json
import os
import pathlib
import sys
import tempfile
import time

os.environ["HF_HUB_OFFLINE"] = os.environ["TOKENIZERS_PARALLELISM"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).parent / "quality"))

import numpy as np
import sentence_transformers
import torch
from reference_data import compare, ndcg, splits
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

CACHE = pathlib.Path(os.environ.get("NEARMISS_CACHE", pathlib.Path.home() / ".cache/nearmiss"))
MODEL = CACHE / "models/all-MiniLM-L6-v2"
SCALE, WARMUP, RELATIVE_MARGIN = 30.0, 0.1, 0.05
RATES = {"head": 5e-4, "lora": 2e-4, "full": 2e-5}


def batch_and_epochs(kind, examples):
    batch = min(max(examples // 2, 8), 256) if kind == "head" else min(16, examples)
    steps = -(-examples // batch)
    aim = min(max(round(2.7 * examples**0.5), 8), 64)
    return batch, min(max(-(-aim // steps), 4 if kind == "head" else 2), 64)


def encode(model, texts):
    return model.encode(texts, batch_size=32, normalize_embeddings=True, convert_to_numpy=True).astype("float32")


def cached(model, name, texts):
    """Embeddings of the untrained model, kept on disk from run to run."""
    file = CACHE / "quality" / f"reference-{name.replace(' ', '-')}.npz"
    table = dict(np.load(file)) if file.exists() else {}
    if "texts" not in table or table["texts"].tolist() != texts:
        table = {"texts": np.array(texts), "rows": encode(model, texts)}
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, **table)
    return table["rows"]


def mine(queries, documents, train, at):
    """The best document for each (query, positive) that is no positive and scores at most positive - 5 %; a position each."""
    negatives = []
    for row, (_, gains) in zip(queries @ documents.T, train.values()):
        known = [at[document] for document in gains]
        scores = row.copy()
        scores[known] = -np.inf
        for positive in known:
            limit = row[positive] - abs(row[positive]) * RELATIVE_MARGIN
            negatives.append(int(np.argmax(np.where(scores <= limit, scores, -np.inf))))
    return negatives


def pairs(train, at):
    """(row of the query, position of the positive)."""
    return [(number, at[document]) for number, (_, gains) in enumerate(train.values()) for document in gains]


def train_head(queries, documents, train, at, seed):
    """The trained map, as a function on rows of unit length, and steps taken."""
    torch.manual_seed(seed)
    examples, dim = np.array(pairs(train, at)), documents.shape[1]
    batch, epochs = batch_and_epochs("head", len(examples))
    steps = epochs * -(-len(examples) // batch)
    change = torch.zeros(dim, dim, requires_grad=True)
    optimizer = torch.optim.AdamW([change], lr=RATES["head"], weight_decay=0.01)
    ramp = max(1, round(WARMUP * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / ramp, (steps - step) / max(1, steps - ramp))
    )
    adapt = lambda rows: torch.nn.functional.normalize(rows + rows @ change, dim=1)
    q, d = torch.from_numpy(queries), torch.from_numpy(documents)
    for _ in range(epochs):
        with torch.no_grad():
            negatives = np.array(mine(adapt(q).numpy(), adapt(d).numpy(), train, at))
        for chosen in np.array_split(torch.randperm(len(examples)).numpy(), -(-len(examples) // batch)):
            rows, positives = examples[chosen].T
            candidates = adapt(d[np.concatenate([positives, negatives[chosen]])])
            scores = SCALE * adapt(q[rows]) @ candidates.T  # (batch, 2 × batch)
            loss = torch.nn.functional.cross_entropy(scores, torch.arange(len(chosen)))
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_([change], 1.0)
            optimizer.step()
            schedule.step()
    return lambda rows: adapt(torch.from_numpy(rows)).detach().numpy(), steps


def train_transformer(kind, model, contents, queries, documents, train, at, seed):
    """Trains `model` in place by sentence-transformers' own trainer; steps taken."""
    from datasets import Dataset
    from transformers import PrinterCallback

    if kind == "lora":
        from peft import LoraConfig, TaskType

        config = LoraConfig(task_type=TaskType.FEATURE_EXTRACTION, r=8, lora_alpha=16, target_modules=["query", "value"])
        model.add_adapter(config)
    else:
        model[0].auto_model.embeddings.word_embeddings.weight.requires_grad = False
    texts = [text for text, _ in train.values()]
    examples, negatives = pairs(train, at), mine(queries, documents, train, at)
    table = Dataset.from_dict({
        "query": [texts[row] for row, _ in examples],
        "positive": [contents[positive] for _, positive in examples],
        "negative": [contents[negative] for negative in negatives],
    })
    batch, epochs = batch_and_epochs(kind, len(examples))
    with tempfile.TemporaryDirectory() as folder:
        arguments = SentenceTransformerTrainingArguments(
            output_dir=folder, num_train_epochs=epochs, per_device_train_batch_size=batch, learning_rate=RATES[kind],
            warmup_steps=WARMUP, lr_scheduler_type="linear", weight_decay=0.01, max_grad_norm=1.0, seed=seed,
            use_cpu=True, save_strategy="no", report_to="none", disable_tqdm=True, logging_strategy="no",
        )  # fmt: skip
        loss = MultipleNegativesRankingLoss(model, scale=SCALE)
        trainer = SentenceTransformerTrainer(model=model, args=arguments, train_dataset=table, loss=loss)
        # It prints to standard output, where rows go.
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        return trainer.state.global_step


def run(kind, name, seed):
    model = SentenceTransformer(str(MODEL), device="cpu")
    ids, contents, sides = splits(name, CACHE / "quality/slices")
    at = {document: position for position, document in enumerate(ids)}
    documents = cached(model, f"{name} documents", contents)
    for fold, train, held_out in sides:
        texts = [[text for text, _ in side.values()] for side in (train, held_out)]
        label = name if fold is None else f"{name} {fold}"
        asked, measured = (cached(model, f"{label} {side}", own) for side, own in zip(("train", "test"), texts))
        started = time.perf_counter()
        if kind == "head":
            adapt, steps = train_head(asked, documents, train, at, seed)
            after = ndcg(ids, adapt(documents), adapt(measured), held_out)
        else:
            steps = train_transformer(kind, model, contents, asked, documents, train, at, seed)
            after = ndcg(ids, encode(model, contents), encode(model, texts[1]), held_out)
        row = {
            "collection": name, "setting": f"sentence-transformers: {kind}", "seed": seed, "fold": fold,
            "request": {"folds": {"of": len(sides), "fold": fold}} if fold is not None else {},
            "build": f"sentence-transformers {sentence_transformers.__version__}, PyTorch {torch.__version__}",
            "documents": len(ids), "trainQueries": len(train), "examples": len(pairs(train, at)), "steps": steps,
            **compare(ndcg(ids, documents, measured, held_out), after, seed),
            "seconds": round(time.perf_counter() - started, 2),
        }  # fmt: skip
        print(json.dumps(row, default=float), flush=True)


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4) or sys.argv[1] not in RATES:
        sys.exit(f"usage: {sys.argv[0]} {'|'.join(RATES)} COLLECTION [SEEDS]")
    for number in (sys.argv[3] if len(sys.argv) == 4 else "0").split(","):
        run(sys.argv[1], sys.argv[2], int(number))
