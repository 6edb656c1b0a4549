"""all-MiniLM-L6-v2 by transformers: unit vectors of any number of texts."""

import numpy as np
import torch
from transformers import AutoModel, AutoTokenizer

MAX_LENGTH = 256  # tokens, as in its sentence_bert_config.json
PRODUCTS = torch.bfloat16  # of matrices; cosine to float32 above .999


def batches(lengths: np.ndarray, tokens: int) -> list[np.ndarray]:
    """Indices by rising length, cut so that no batch holds more than `tokens` with its padding."""
    order = np.argsort(lengths, kind="stable")
    found, start = [], 0
    for end in range(1, len(order) + 1):
        if end == len(order) or lengths[order[end]] * (end + 1 - start) > tokens:
            found.append(order[start:end])
            start = end
    return found


class Teacher:
    def __init__(self, folder: str):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder).eval()

    def tokens(self, texts: list[str]) -> list[list[int]]:
        return self.tokenizer(texts, truncation=True, max_length=MAX_LENGTH)["input_ids"]

    @torch.inference_mode()
    def encode(self, texts: list[str], progress=lambda done, of: None) -> np.ndarray:
        """`[len(texts), 384]` float16 unit rows."""
        ids = self.tokens(texts)
        lengths = np.array([len(i) for i in ids])
        out = np.zeros((len(texts), self.model.config.hidden_size), np.float16)
        done = 0
        for batch in batches(lengths, 8192):
            longest = int(lengths[batch].max())
            padded = np.zeros((len(batch), longest), np.int64)
            mask = np.zeros((len(batch), longest), np.float32)
            for row, index in enumerate(batch):
                padded[row, : lengths[index]] = ids[index]
                mask[row, : lengths[index]] = 1
            padded, mask = torch.from_numpy(padded), torch.from_numpy(mask)
            with torch.autocast("cpu", dtype=PRODUCTS):
                states = self.model(input_ids=padded, attention_mask=mask).last_hidden_state
            pooled = (states.float() * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
            out[batch] = torch.nn.functional.normalize(pooled, dim=1).numpy().astype(np.float16)
            done += int(lengths[batch].sum())
            progress(done, int(lengths.sum()))
        return out
