"""A BERT encoder, all-MiniLM-L6-v2 for one, as an ONNX graph, from its safetensors, and the same with weights in eight bits (onnxruntime's dynamic quantisation,
as the files named model_quantized.onnx are made): `python export_onnx.py MODEL OUT`. Registries hold no ONNX file of it."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from safetensors.numpy import load_file

TOKENIZER = {
    "tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 256,
    "pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]",
}
INPUTS = ("input_ids", "attention_mask", "token_type_ids")


class Graph:
    """Nodes in the order of their making; every method gives the name of its output."""

    def __init__(self, weights, config):
        self.weights, self.nodes, self.constants = weights, [], {}
        self.layers, self.width, self.heads = (config[name] for name in ("num_hidden_layers", "hidden_size", "num_attention_heads"))

    def constant(self, name, value, dtype=None):
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value, dtype=dtype, order="C", copy=True), name)
        return name

    def weight(self, name):
        return self.constant(name, self.weights[name])

    def node(self, op, *inputs, **attributes):
        name = f"{op}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [name], name=f"{name}_node", **attributes))
        return name

    def linear(self, x, name):
        product = self.node("MatMul", x, self.constant(f"{name}.transposed", self.weights[f"{name}.weight"].T))
        return self.node("Add", product, self.weight(f"{name}.bias"))

    def norm(self, x, name):
        return self.node("LayerNormalization", x, self.weight(f"{name}.weight"), self.weight(f"{name}.bias"), axis=-1, epsilon=1e-12)


def embeddings(g):
    """[batch, length, width]"""
    length = g.node("Gather", g.node("Shape", "input_ids"), g.constant("one", 1, np.int64), axis=0)
    length = g.node("Unsqueeze", length, g.constant("first", [0], np.int64))
    places = g.node("Slice", g.constant("places", np.arange(512)[None], np.int64), g.constant("begin", [0], np.int64), length, g.constant("along", [1], np.int64))
    words = g.node("Gather", g.weight("embeddings.word_embeddings.weight"), "input_ids", axis=0)
    types = g.node("Gather", g.weight("embeddings.token_type_embeddings.weight"), "token_type_ids", axis=0)
    positions = g.node("Gather", g.weight("embeddings.position_embeddings.weight"), places, axis=0)
    return g.norm(g.node("Add", g.node("Add", words, types), positions), "embeddings.LayerNorm")


def layer(g, x, name, bias):
    def heads(y, perm):
        return g.node("Transpose", g.node("Reshape", y, g.constant("split", [0, 0, g.heads, g.width // g.heads], np.int64)), perm=perm)

    query = heads(g.linear(x, f"{name}attention.self.query"), [0, 2, 1, 3])
    key = heads(g.linear(x, f"{name}attention.self.key"), [0, 2, 3, 1])
    value = heads(g.linear(x, f"{name}attention.self.value"), [0, 2, 1, 3])
    scores = g.node("Div", g.node("MatMul", query, key), g.constant("root", np.sqrt(g.width // g.heads), np.float32))
    mixed = g.node("MatMul", g.node("Softmax", g.node("Add", scores, bias), axis=-1), value)
    mixed = g.node("Reshape", g.node("Transpose", mixed, perm=[0, 2, 1, 3]), g.constant("joined", [0, 0, g.width], np.int64))
    x = g.norm(g.node("Add", g.linear(mixed, f"{name}attention.output.dense"), x), f"{name}attention.output.LayerNorm")
    inner = g.linear(x, f"{name}intermediate.dense")
    erf = g.node("Erf", g.node("Div", inner, g.constant("sqrt2", np.sqrt(2), np.float32)))
    gelu = g.node("Mul", g.node("Mul", inner, g.node("Add", erf, g.constant("unit", 1, np.float32))), g.constant("half", 0.5, np.float32))
    return g.norm(g.node("Add", g.linear(gelu, f"{name}output.dense"), x), f"{name}output.LayerNorm")


def build(weights, config, path):
    g = Graph(weights, config)
    x = embeddings(g)
    mask = g.node("Unsqueeze", g.node("Cast", "attention_mask", to=TensorProto.FLOAT), g.constant("outer", [1, 2], np.int64))
    bias = g.node("Mul", g.node("Sub", g.constant("unit", 1, np.float32), mask), g.constant("least", -3.4e38, np.float32))
    for number in range(g.layers):
        x = layer(g, x, f"encoder.layer.{number}.", bias)
    g.nodes.append(helper.make_node("Identity", [x], ["last_hidden_state"]))
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"]) for name in INPUTS]
    outputs = [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "length", g.width])]
    graph = helper.make_graph(g.nodes, "encoder", inputs, outputs, list(g.constants.values()))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def main(model, out):
    (out / "onnx").mkdir(parents=True, exist_ok=True)
    build(load_file(model / "model.safetensors"), json.loads((model / "config.json").read_text()), out / "onnx/model.onnx")
    quantize_dynamic(out / "onnx/model.onnx", out / "onnx/model_quantized.onnx", weight_type=QuantType.QInt8)
    shutil.copy(model / "config.json", out)
    tokenizer = json.loads((model / "tokenizer.json").read_text())
    (out / "tokenizer.json").write_text(json.dumps({**tokenizer, "padding": None, "truncation": None}, ensure_ascii=False))
    (out / "tokenizer_config.json").write_text(json.dumps(TOKENIZER))


main(Path(sys.argv[1]), Path(sys.argv[2]))
