"""From the teacher and plain text to `nearmiss/models/compact`. Called by tools/distill.mjs; README.md describes the recipe."""

import argparse
import dataclasses
import hashlib
import json
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer

import pack
import texts
from settings import Settings
from student import Student, axes, prune
from teacher import MAX_LENGTH, PRODUCTS, Teacher
from train import Texts, train


def key(pieces: list[str], model: Path) -> str:
    """Of everything that the vectors depend on: the texts, the teacher's files, where it cuts, how it multiplies, what it runs in."""
    files = [hashlib.sha256((model / name).read_bytes()).hexdigest() for name in ("config.json", "tokenizer.json", "model.safetensors")]
    made = {"texts": pieces, "teacher": files, "length": MAX_LENGTH, "products": str(PRODUCTS), "versions": [torch.__version__, transformers.__version__]}
    return hashlib.sha256(json.dumps(made).encode()).hexdigest()[:16]


def labelled(pieces: list[str], teacher: Teacher, model: Path, work: Path, log) -> np.ndarray:
    """The teacher's vectors of these texts, kept from run to run: they take the longest after the training."""
    kept = work / f"teacher-{key(pieces, model)}.npy"
    if not kept.exists():
        last = [0.0]

        def progress(done: int, of: int) -> None:
            if time.time() - last[0] > 30:
                last[0] = time.time()
                log(f"teacher: {done} of {of} tokens")

        part = kept.with_suffix(".part.npy")
        np.save(part, teacher.encode(pieces, progress))
        part.rename(kept)
    return np.load(kept)


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("model", "data", "work", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--quick", action="store_true", help="a hundredth of the texts, once: to see that it runs")
    given = parser.parse_args()
    settings = Settings(share=0.01, epochs=1, warmup=20, held_out=256) if given.quick else Settings()
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    torch.use_deterministic_algorithms(True)
    given.work.mkdir(parents=True, exist_ok=True)
    begun = time.time()
    log = lambda line: print(f"{time.time() - begun:7.0f} s  {line}", flush=True)

    tokenizer, old = prune(json.loads((given.model / "tokenizer.json").read_text()))
    vocabulary = [token for token, _ in sorted(tokenizer["model"]["vocab"].items(), key=lambda pair: pair[1])]
    teacher = Teacher(str(given.model))
    known = sorted(teacher.tokenizer.get_vocab(), key=teacher.tokenizer.get_vocab().get)
    pieces = texts.gather(given.data, known, settings.seed, settings.bags)
    if given.quick:
        pieces = pieces[:: round(1 / settings.share)]
        settings = dataclasses.replace(settings, share=1.0)
    log(f"{len(pieces)} texts, {len(vocabulary)} of {len(teacher.tokenizer)} tokens kept")
    vectors = labelled(pieces, teacher, given.model, given.work, log)
    words = labelled([token.removeprefix("##") for token in vocabulary], teacher, given.model, given.work, log)
    log("labelled")

    directions = axes(vectors[:: max(1, len(vectors) // 200_000)].astype(np.float32), settings.hidden)
    student = Student(len(old), settings.hidden, settings.layers, settings.heads, settings.intermediate, settings.positions)
    student.begin_with(words.astype(np.float32) @ directions)
    reader = Tokenizer.from_str(json.dumps(tokenizer))
    reader.enable_truncation(min(MAX_LENGTH, settings.positions))
    # By thousands: the tokenizer's own objects take a hundred times the room of their ids.
    ids = [encoding.ids for at in range(0, len(pieces), 10_000) for encoding in reader.encode_batch(pieces[at : at + 10_000])]
    train(student, Texts(ids, vectors), directions, settings, log)

    state = {name: value.numpy() for name, value in student.bert.state_dict().items() if value.is_floating_point()}
    np.savez(given.work / "student.npz", **state)
    steps = {"embeddings.word_embeddings": settings.word_steps, "": settings.steps}
    hashes = pack.write(given.out, pack.quantized(state, steps), tokenizer, student.settings(), settings.positions)
    for name, hashed in hashes.items():
        print(f"{hashed}  {name}")
    log("done")


if __name__ == "__main__":
    main()
