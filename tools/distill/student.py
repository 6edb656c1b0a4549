"""The student: a small BERT whose word vectors begin as the teacher's own vectors of single words, reduced by PCA."""

import json

import numpy as np
import torch
from transformers import BertConfig, BertModel

KEPT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def latin_or_greek(token: str) -> bool:
    """Letters with marks are not in an uncased vocabulary; single letters of other scripts hold no word of English text."""
    return all(ord(c) < 0x250 or 0x370 <= ord(c) < 0x400 or 0x2000 <= ord(c) < 0x2300 for c in token)


def prune(tokenizer: dict) -> tuple[dict, list[int]]:
    """`tokenizer.json` without unused tokens and those of scripts that the texts do not have; old ids in their new order."""
    model = tokenizer["model"]
    by_id = sorted(model["vocab"].items(), key=lambda pair: pair[1])
    kept = [(t, i) for t, i in by_id if t in KEPT or (not t.startswith("[unused") and latin_or_greek(t.removeprefix("##")))]
    new = {token: at for at, (token, _) in enumerate(kept)}
    pruned = json.loads(json.dumps(tokenizer))
    pruned["model"]["vocab"] = new
    pruned["added_tokens"] = [{**t, "id": new[t["content"]]} for t in tokenizer["added_tokens"] if t["content"] in new]
    for special in pruned["post_processor"]["special_tokens"].values() if "special_tokens" in pruned["post_processor"] else []:
        special["ids"] = [new[t] for t in special["tokens"]]
    for pair in ("sep", "cls"):
        if pair in pruned["post_processor"]:
            pruned["post_processor"][pair][1] = new[pruned["post_processor"][pair][0]]
    pruned["padding"] = None
    pruned["truncation"] = None
    return pruned, [old for _, old in kept]


def axes(vectors: np.ndarray, size: int) -> np.ndarray:
    """`[dim, size]`: the directions in which unit vectors differ most in cosine (uncentred PCA)."""
    vectors = vectors.astype(np.float64)
    values, directions = np.linalg.eigh(vectors.T @ vectors)
    return directions[:, np.argsort(values)[::-1][:size]].astype(np.float32)


class Student(torch.nn.Module):
    """Token ids to unit vectors `[batch, hidden]`: mean pooling over a BERT."""

    def __init__(self, vocabulary: int, hidden: int, layers: int, heads: int, intermediate: int, positions: int):
        super().__init__()
        self.sizes = {
            "vocab_size": vocabulary, "hidden_size": hidden, "num_hidden_layers": layers, "num_attention_heads": heads,
            "intermediate_size": intermediate, "max_position_embeddings": positions, "type_vocab_size": 2,
            "layer_norm_eps": 1e-12, "hidden_act": "gelu",
        }
        config = BertConfig(**self.sizes, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0)
        config._attn_implementation = "eager"  # the fused one takes twice as long backwards on a CPU
        self.bert = BertModel(config, add_pooling_layer=False)

    def settings(self) -> dict:
        """As `config.json`."""
        return {"model_type": "bert", **self.sizes}

    def begin_with(self, words: np.ndarray) -> None:
        """Word vectors `[vocabulary, hidden]`; positions and segments begin near nothing beside them."""
        tables = self.bert.embeddings
        with torch.no_grad():
            scale = 1.0 / np.sqrt(words.shape[1])
            words = words / np.maximum(np.linalg.norm(words, axis=1, keepdims=True), 1e-6)
            tables.word_embeddings.weight.copy_(torch.from_numpy(words))
            tables.position_embeddings.weight.normal_(0, 0.1 * scale)
            tables.token_type_embeddings.weight.zero_()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weight = mask[..., None].to(states.dtype)
        return torch.nn.functional.normalize(((states * weight).sum(1) / weight.sum(1)).float(), dim=1)
