"""The work of bench/gpu.mjs in PyTorch, eager, single precision: `python reference.py encode|train DEVICE FOLDER`.

Reads FOLDER/job.json and writes FOLDER/found.json. Times hold the way to the device and back, as those of the browser do.
"""

import base64
import json
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load
from transformers import BertConfig, BertModel


def pooled(model: BertModel, ids: torch.Tensor) -> torch.Tensor:
    """Unit rows `[batch, hidden]`; every text has the same length, nothing is padded."""
    return torch.nn.functional.normalize(model(input_ids=ids).last_hidden_state.mean(1), dim=1)


def timed(work, warm: int, rounds: int) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for at in range(warm + rounds):
        begun = time.perf_counter()
        work()
        if at >= warm:
            found.append((time.perf_counter() - begun) * 1000)
    return found


@torch.inference_mode()
def encode(job: dict, device: str) -> list[dict]:
    model = BertModel.from_pretrained(job["model"], add_pooling_layer=False, dtype=torch.float32).to(device).eval()
    found = []
    for batch in job["batches"]:
        rows = []

        def work():
            rows[:] = [pooled(model, torch.tensor(batch).to(device)).cpu()]

        times = timed(work, job["warm"], job["rounds"])
        found.append({"times": times, "rows": rows[0].flatten().tolist()})
    return found


def train(job: dict, device: str) -> dict:
    shape, steps = job["shape"], job["warm"] + job["rounds"]
    state = load(base64.b64decode(job["weights"]))
    words = state["embeddings.word_embeddings.weight"]
    config = BertConfig(
        vocab_size=len(words), hidden_size=shape["hidden"], num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
        intermediate_size=shape["wide"], max_position_embeddings=len(state["embeddings.position_embeddings.weight"]), type_vocab_size=2,
        layer_norm_eps=1e-12, hidden_act="gelu", hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )
    model = BertModel(config, add_pooling_layer=False)
    missing = model.load_state_dict(state, strict=False).missing_keys
    if missing:
        raise SystemExit(f"the file has no {missing}")
    model.to(device).train()
    model.embeddings.word_embeddings.weight.requires_grad_(False)
    update = torch.optim.Adam([value for value in model.parameters() if value.requires_grad], lr=job["rate"], betas=(0.9, 0.999), eps=1e-8)
    queries, documents = job["queries"], job["positives"] + job["negatives"]
    right = torch.arange(len(queries), device=device)
    losses = []

    def work():
        for group in update.param_groups:
            group["lr"] = job["rate"] * (1 - len(losses) / steps)
        scores = pooled(model, torch.tensor(queries).to(device)) @ pooled(model, torch.tensor(documents).to(device)).T
        loss = torch.nn.functional.cross_entropy(scores * job["scale"], right)
        update.zero_grad()
        loss.backward()
        update.step()
        losses.append(loss.item())

    return {"times": timed(work, job["warm"], job["rounds"]), "losses": losses}


def main() -> None:
    what, device, folder = sys.argv[1:]
    job = json.loads(Path(folder, "job.json").read_text())
    found = {"encode": encode, "train": train}[what](job, device)
    Path(folder, "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
