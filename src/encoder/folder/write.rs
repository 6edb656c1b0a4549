//! The files of a sentence-transformers folder.
//!
//! Formats are the ones of sentence-transformers 2 to 5, which 6 still reads.

use super::super::config::{Pooling, invalid};
use super::super::weights::{NamedTensor, to_safetensors, transpose};
use super::{
    CONFIG, ExportedFile, MODULES, SENTENCE_TRANSFORMERS, SourceFiles, TOKENIZER, TOWERS, Towers, WEIGHTS,
    describe, towers_name,
};
use crate::error::Result;
use serde_json::{Map, Value, json};

/// A model in plain numbers.
pub(super) struct Contents<'a> {
    pub(super) source: &'a SourceFiles,
    /// In tokens.
    pub(super) max_length: usize,
    pub(super) pooling: Pooling,
    pub(super) dimensions: usize,
    /// In Hugging Face's layout.
    pub(super) weights: &'a [NamedTensor],
    /// `W`, `[dim, dim]`.
    pub(super) head: Option<&'a [f32]>,
    pub(super) towers: Towers,
}

/// All of them, README included.
pub(super) fn folder(contents: &Contents<'_>) -> Result<Vec<ExportedFile>> {
    let header = [("format", "pt".to_owned()), (TOWERS, towers_name(contents.towers).to_owned())];
    let mut names = vec!["Pooling"];
    if contents.head.is_some() {
        names.push("Dense");
    }
    names.push("Normalize");
    let tokenizer = &contents.source.tokenizer;
    let mut files = vec![
        ExportedFile { path: "README.md".into(), bytes: describe::readme(contents).into_bytes() },
        ExportedFile::json(CONFIG, &config(&contents.source.config)?),
        ExportedFile { path: TOKENIZER.into(), bytes: tokenizer.clone() },
        ExportedFile::json("tokenizer_config.json", &describe::tokenizer(tokenizer, contents.max_length)?),
        ExportedFile { path: WEIGHTS.into(), bytes: to_safetensors(contents.weights, &header)? },
        ExportedFile::json(MODULES, &modules(&names)),
        ExportedFile::json("1_Pooling/config.json", &pooling(contents.pooling, contents.dimensions)),
        ExportedFile::json(
            "sentence_bert_config.json",
            &json!({ "max_seq_length": contents.max_length, "do_lower_case": false }),
        ),
        ExportedFile::json(
            SENTENCE_TRANSFORMERS,
            &json!({
                "model_type": "SentenceTransformer",
                "prompts": {},
                "default_prompt_name": null,
                "similarity_fn_name": "cosine",
            }),
        ),
    ];
    if let Some(head) = contents.head {
        files.extend(dense(head, contents.dimensions)?);
    }
    Ok(files)
}

/// The model's own file, with what loading needs said in words: its type, and the element type of the weights beside it.
fn config(source: &[u8]) -> Result<Value> {
    let mut file: Map<String, Value> =
        serde_json::from_slice(source).map_err(|e| invalid(CONFIG, e.to_string()))?;
    file.remove("dtype");
    file.insert("torch_dtype".into(), "float32".into());
    file.insert("model_type".into(), "bert".into());
    file.insert("architectures".into(), json!(["BertModel"]));
    Ok(file.into())
}

fn modules(names: &[&str]) -> Value {
    let module = |idx: usize, path: String, name: &str| json!({ "idx": idx, "name": idx.to_string(), "path": path, "type": format!("sentence_transformers.models.{name}") });
    let rest = names.iter().enumerate().map(|(at, name)| module(at + 1, format!("{}_{name}", at + 1), name));
    std::iter::once(module(0, String::new(), "Transformer")).chain(rest).collect()
}

fn pooling(pooling: Pooling, dimensions: usize) -> Value {
    json!({
        "word_embedding_dimension": dimensions,
        "pooling_mode_cls_token": pooling == Pooling::Cls,
        "pooling_mode_mean_tokens": pooling == Pooling::Mean,
        "pooling_mode_max_tokens": false,
        "pooling_mode_mean_sqrt_len_tokens": false,
    })
}

/// `x ↦ x (I + W)`; PyTorch computes `x Mᵀ`, so `M` is the transpose.
fn dense(head: &[f32], dim: usize) -> Result<[ExportedFile; 2]> {
    let mut matrix = transpose(head, dim);
    for diagonal in matrix.iter_mut().step_by(dim + 1) {
        *diagonal += 1.0;
    }
    let tensor = NamedTensor { name: "linear.weight".into(), shape: vec![dim, dim], values: matrix };
    let config = json!({
        "in_features": dim,
        "out_features": dim,
        "bias": false,
        "activation_function": "torch.nn.modules.linear.Identity",
    });
    let bytes = to_safetensors(&[tensor], &[("format", "pt".to_owned())])?;
    Ok([
        ExportedFile::json("2_Dense/config.json", &config),
        ExportedFile { path: "2_Dense/model.safetensors".into(), bytes },
    ])
}
