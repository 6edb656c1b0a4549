"""The student's files in Hugging Face layout, matrices in whole numbers with a scale a row."""

import hashlib
import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

POOLING = {"word_embedding_dimension": None, "pooling_mode_cls_token": False, "pooling_mode_mean_tokens": True,
           "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False}
MODULES = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
           {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
           {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}]


def quantize(matrix: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers in `-steps..=steps` and a scale `[rows, 1]`, which is the best in least squares for the row."""
    most = np.maximum(np.abs(matrix).max(axis=1, keepdims=True), 1e-8)
    best_scale, best_error = most / steps, np.full(most.shape, np.inf)
    for share in np.linspace(0.6, 1.0, 21):  # numbers far out may be clipped where the rest gains more from finer steps
        scale = most * share / steps
        whole = np.clip(np.rint(matrix / scale), -steps, steps)
        error = ((whole * scale - matrix) ** 2).sum(axis=1, keepdims=True)
        better = error < best_error
        best_scale, best_error = np.where(better, scale, best_scale), np.where(better, error, best_error)
    whole = np.clip(np.rint(matrix / best_scale), -steps, steps)
    return whole.astype(np.int8), best_scale.astype(np.float32)


def quantized(state: dict[str, np.ndarray], steps: dict[str, int]) -> dict[str, np.ndarray]:
    """Every matrix in eight bits or fewer, `steps` by the start of its name; vectors stay in float32."""
    found = {}
    for name, value in state.items():
        value = value.astype(np.float32)
        if value.ndim != 2:
            found[name] = value
            continue
        most = next(count for start, count in steps.items() if name.startswith(start))
        found[name], found[f"{name}_scale"] = quantize(value, most)
    return found


def dequantized(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a reader of the file works with."""
    scaled = {n: v.astype(np.float32) * tensors[f"{n}_scale"] if v.dtype == np.int8 else v for n, v in tensors.items()}
    return {n: v for n, v in scaled.items() if not n.endswith("_scale")}


def write(folder: Path, tensors: dict[str, np.ndarray], tokenizer: dict, config: dict, positions: int) -> dict[str, str]:
    """All files of the model. Returns their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    text = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    pooling = {**POOLING, "word_embedding_dimension": config["hidden_size"]}
    files = {
        "config.json": text(config),
        "tokenizer.json": text(tokenizer),
        "model.safetensors": save(tensors, metadata={"format": "pt"}),
        "sentence_bert_config.json": text({"max_seq_length": positions, "do_lower_case": False}),
        "1_Pooling/config.json": text(pooling),
        "modules.json": text(MODULES),
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
