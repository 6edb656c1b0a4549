"""Distillation: the student's vectors and their similarities become the teacher's.

Three losses over a batch of texts: one minus the cosine to the teacher's vector (on its first axes), the squared error of all
similarities within the batch (Reimers & Gurevych 2020, arXiv 2004.09813, compare vectors; Tung & Mori 2019, arXiv 1907.09682,
similarities), and the divergence between both rankings of the batch by each text, a softmax of similarities (as in
TAS-B's and RocketQA's distillation of rankings).
"""

import math
import time

import numpy as np
import torch
import torch.nn.functional as F

from settings import Settings
from student import Student
from teacher import batches


class Texts:
    """Token ids of all texts in one array, and the teacher's vectors `[n, dim]`."""

    def __init__(self, ids: list[list[int]], vectors: np.ndarray):
        self.lengths = np.array([len(i) for i in ids])
        self.flat = np.fromiter((t for i in ids for t in i), np.int32, int(self.lengths.sum()))
        self.starts = np.cumsum(self.lengths) - self.lengths
        self.vectors = vectors

    def batch(self, chosen: np.ndarray) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ids and mask `[batch, longest]`, vectors `[batch, dim]`."""
        longest = int(self.lengths[chosen].max())
        ids, mask = np.zeros((len(chosen), longest), np.int64), np.zeros((len(chosen), longest), np.float32)
        for row, text in enumerate(chosen):
            start, length = self.starts[text], self.lengths[text]
            ids[row, :length], mask[row, :length] = self.flat[start : start + length], 1
        return torch.from_numpy(ids), torch.from_numpy(mask), torch.from_numpy(self.vectors[chosen].astype(np.float32))


def plan(texts: Texts, chosen: np.ndarray, settings: Settings, rng: np.random.Generator) -> list[np.ndarray]:
    """One epoch: batches of texts of like length, in any order."""
    order = chosen[rng.permutation(len(chosen))]
    found = []
    for at in range(0, len(order), settings.pool):
        pool = order[at : at + settings.pool]
        found += [rng.permutation(pool[batch]) for batch in batches(texts.lengths[pool], settings.tokens)]
    return [found[i] for i in rng.permutation(len(found))]


def losses(student: torch.Tensor, teacher: torch.Tensor, axes: torch.Tensor, settings: Settings) -> dict[str, torch.Tensor]:
    """Of unit vectors `[batch, hidden]` and `[batch, dim]`; `axes` is `[dim, hidden]`."""
    cosine = 1 - (student * F.normalize(teacher @ axes, dim=1)).sum(1)
    ours, theirs = student[: settings.pairs], teacher[: settings.pairs]
    ours, theirs = ours @ ours.T, theirs @ theirs.T
    itself = torch.eye(len(ours), dtype=torch.bool)
    ranking = [F.log_softmax((s / settings.temperature).masked_fill(itself, -1e4), dim=1) for s in (ours, theirs)]
    return {
        "cosine": cosine.mean(),
        "similarity": ((ours - theirs) ** 2).mean(),
        "ranking": F.kl_div(*ranking, log_target=True, reduction="batchmean"),
    }


def rate(step: int, of: int, settings: Settings) -> float:
    rise = min(1.0, (step + 1) / settings.warmup)
    fall = settings.last_rate + (1 - settings.last_rate) * 0.5 * (1 + math.cos(math.pi * step / of))
    return settings.learning_rate * rise * fall


def optimizer(model: Student, settings: Settings) -> torch.optim.Optimizer:
    named = list(model.named_parameters())
    decays = lambda name, value: value.ndim > 1 and "embeddings" not in name
    groups = [
        {"params": [v for n, v in named if decays(n, v)], "weight_decay": settings.weight_decay},
        {"params": [v for n, v in named if not decays(n, v)], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)


def forward(model: Student, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return model(ids, mask)


def train(model: Student, texts: Texts, axes: np.ndarray, settings: Settings, log=print) -> None:
    rng = np.random.default_rng(settings.seed)
    order = rng.permutation(len(texts.lengths))[: int(len(texts.lengths) * settings.share)]
    held_out, chosen = order[: settings.held_out], order[settings.held_out :]
    directions = torch.from_numpy(axes)
    steps = [batch for _ in range(settings.epochs) for batch in plan(texts, chosen, settings, rng)]
    update = optimizer(model, settings)
    log(f"{len(chosen)} texts, {int(texts.lengths[chosen].sum())} tokens, {len(steps)} steps")
    begun, recent = time.time(), []
    for step, batch in enumerate(steps):
        for group in update.param_groups:
            group["lr"] = rate(step, len(steps), settings)
        ids, mask, teacher = texts.batch(batch)
        parts = losses(forward(model, ids, mask), teacher, directions, settings)
        loss = parts["cosine"] + settings.similarity_weight * parts["similarity"] + settings.ranking_weight * parts["ranking"]
        update.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        update.step()
        recent.append([float(part.detach()) for part in parts.values()])
        if (step + 1) % 250 == 0 or step + 1 == len(steps):
            means = ", ".join(f"{name} {mean:.4f}" for name, mean in zip(parts, np.mean(recent, axis=0)))
            log(f"step {step + 1}, {time.time() - begun:.0f} s: {means}")
            recent = []
    log(f"held out: {measure(model, texts, held_out, directions, settings)}")


@torch.inference_mode()
def measure(model: Student, texts: Texts, chosen: np.ndarray, axes: torch.Tensor, settings: Settings) -> dict[str, float]:
    """Means over texts that training did not see."""
    found = []
    for batch in batches(texts.lengths[chosen], settings.tokens):
        ids, mask, teacher = texts.batch(chosen[batch])
        parts = losses(forward(model, ids, mask), teacher, axes, settings)
        found.append([len(batch), *(float(part) for part in parts.values())])
    found = np.array(found)
    means = (found[:, 1:] * found[:, :1]).sum(0) / found[:, 0].sum()
    return {name: round(float(mean), 5) for name, mean in zip(("cosine", "similarity", "ranking"), means)}
