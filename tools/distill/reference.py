"""What PyTorch makes of the finished files: token ids and embeddings, for tests/fixtures/compact.json.

    python reference.py FOLDER > tests/fixtures/compact.json
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from pack import dequantized
from student import Student

TEXTS = [
    "How do I rotate the signing key?", "fixing a car", "automobile repair", "", "a", "Wing flutter at supersonic speeds",
    "naïve Schlüssel, ﬁne ½ …", "the effect of β-blockers on mortality", "ключ от двери", "3.14 and https://example.org/?q=1", "a [SEP] b [MASK]",
    "the valve is to the left of the door and the key is in the ring " * 30,
]


def main(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    sizes = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings")
    model = Student(*(config[name] for name in sizes)).eval()
    state = {name: torch.from_numpy(value) for name, value in dequantized(load_file(folder / "model.safetensors")).items()}
    model.bert.load_state_dict(state, strict=False)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(config["max_position_embeddings"])
    cases = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        with torch.inference_mode():
            row = model(torch.tensor([ids]), torch.ones(1, len(ids)))[0].numpy()
        cases.append({"text": text, "input_ids": ids, "embedding": [float(f"{v:.7f}") for v in row.astype(np.float64)]})
    json.dump({"cases": cases}, sys.stdout, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
