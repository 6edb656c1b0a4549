"""Python's side of export_check.mjs: sentence-transformers and PEFT.

    export_check.py check FOLDER MODEL    loads every FOLDER/out/NAME/model and compares with FOLDER/out/NAME/rows.f32
    export_check.py make FOLDER MODEL     saves models of its own as FOLDER/in/NAME/model, with their rows.f32

Rows are those of FOLDER/texts.json, float32. "check" prints the largest difference of each as JSON.
"""

import json
import logging
import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Dense, Normalize

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)


def load(folder: Path, base: str) -> SentenceTransformer:
    """A model of its own, or an adapter on the model it was made for."""
    if not (folder / "adapter_config.json").exists():
        return SentenceTransformer(str(folder), device="cpu")
    model = SentenceTransformer(base, device="cpu")
    adapted = PeftModel.from_pretrained(model[0].auto_model, str(folder))
    with safe_open(folder / "adapter_model.safetensors", "pt") as file:
        factors = len(file.keys()) // 2
    if (found := adapted.get_model_status().num_adapter_layers) != factors:
        raise ValueError(f"the adapter changes {factors} modules, and PEFT {found}")
    model[0].auto_model = adapted
    return model


def check(folder: Path, base: str, texts: list[str]) -> None:
    found = {}
    for case in sorted((folder / "out").iterdir()):
        expected = np.fromfile(case / "rows.f32", dtype="<f4").reshape(len(texts), -1)
        # One text at a time and all together: padding must not show.
        model = load(case / "model", base)
        together = model.encode(texts)
        alone = np.stack([model.encode(text) for text in texts])
        found[case.name] = max(float(np.abs(rows - expected).max()) for rows in (together, alone))
    print(json.dumps(found))


def make(folder: Path, base: str, texts: list[str]) -> None:
    torch.manual_seed(0)
    for name, build in {"dense": with_dense, "adapter": with_adapter, "adapter of all": with_adapter_of_all}.items():
        case = folder / "in" / name
        case.mkdir(parents=True)
        model = build(base, str(case / "model"))
        model.encode(texts).astype("<f4").tofile(case / "rows.f32")


def with_dense(base: str, path: str) -> SentenceTransformer:
    plain = SentenceTransformer(base, device="cpu")
    size = plain.get_embedding_dimension()
    dense = Dense(size, size, bias=False, activation_function=torch.nn.Identity())
    dense.linear.weight.data = torch.eye(size) + 0.05 * torch.randn(size, size)
    model = SentenceTransformer(modules=[plain[0], plain[1], dense, Normalize()], device="cpu")
    model.save(path)
    return model


def with_adapter(base: str, path: str) -> SentenceTransformer:
    """As PEFT saves it, with random factors."""
    model = SentenceTransformer(base, device="cpu")
    config = LoraConfig(r=4, lora_alpha=6, target_modules=["query", "value"], init_lora_weights=False)
    adapted = get_peft_model(model[0].auto_model, config)
    adapted.save_pretrained(path)
    model[0].auto_model = adapted
    return model


def with_adapter_of_all(base: str, path: str) -> SentenceTransformer:
    """As sentence-transformers saves it, beside its own files."""
    model = SentenceTransformer(base, device="cpu")
    config = LoraConfig(r=3, lora_alpha=3, target_modules=["query", "key", "value", "dense"], init_lora_weights=False)
    model.add_adapter(config)
    model.save(path)
    return model.eval()


if __name__ == "__main__":
    task, place, base = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    {"check": check, "make": make}[task](place, base, json.loads((place / "texts.json").read_text()))
