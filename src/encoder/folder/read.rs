//! A folder of files back into weights, after checks that they are for this model.

use super::super::adapter::Towers;
use super::super::bert::Bert;
use super::super::config::{self, BertConfig, invalid};
use super::super::peft::{ADAPTER_CONFIG, LoraTensors, from_peft};
use super::super::weights::Weights;
use super::modules::{Modules, head};
use super::{CONFIG, Encoder, ExportedFile, MODULES, SENTENCE_TRANSFORMERS, TOKENIZER, WEIGHTS, towers_in};
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use std::collections::BTreeMap;

/// What a folder holds. Either a transformer or an adapter for it, or neither but a head.
pub struct Imported {
    /// Of a sentence-transformers folder.
    pub bert: Option<Bert>,
    /// Of a PEFT folder.
    pub lora: Option<LoraTensors>,
    /// `W` of a head, `[dim, dim]`, row-major.
    pub head: Option<Vec<f32>>,
    /// What the weights are for.
    pub towers: Towers,
}

/// Files by their path within the model's own folder.
struct Files<'a>(BTreeMap<String, &'a [u8]>);

pub(super) fn folder(encoder: &Encoder, files: &[ExportedFile]) -> Result<Imported> {
    let files = Files::new(files)?;
    let modules = match files.get(MODULES) {
        Some(json) => Modules::parse(json)?,
        None => Modules::default(),
    };
    check_prompt(&files)?;
    let inside = |name: &str| format!("{}{name}", modules.transformer);
    let head = modules.dense.as_deref().map(|path| {
        let (config, weights) = (format!("{path}{CONFIG}"), format!("{path}{WEIGHTS}"));
        head(path, files.need(&config)?, files.need(&weights)?, encoder.dimensions())
    });
    let head = head.transpose()?;
    if let Some(path) = &modules.pooling {
        check_pooling(encoder, files.get(&format!("{path}{CONFIG}")))?;
    }
    if let Some(json) = files.get(&inside(TOKENIZER)) {
        check_tokenizer(encoder, json)?;
    }
    if files.get(&inside(ADAPTER_CONFIG)).is_some() {
        let lora = from_peft(&files.under(&modules.transformer))?;
        return Ok(Imported { bert: None, towers: lora.towers, lora: Some(lora), head });
    }
    check_config(encoder.config(), &BertConfig::from_json(files.need(&inside(CONFIG))?)?)?;
    let path = inside(WEIGHTS);
    let bytes = files.need(&path)?;
    let towers = towers_in(&path, bytes)?;
    let bert = Weights::named(&bytes, &path)?.bert(encoder.config(), encoder.device())?;
    Ok(Imported { bert: Some(bert), lora: None, head, towers })
}

impl<'a> Files<'a> {
    fn new(files: &'a [ExportedFile]) -> Result<Self> {
        let path = |file: &ExportedFile| {
            let path = file.path.replace('\\', "/");
            path.trim_start_matches("./").trim_start_matches('/').to_owned()
        };
        let all: Vec<(String, &[u8])> =
            files.iter().map(|file| (path(file), file.bytes.as_slice())).collect();
        let depth = |path: &str| path.matches('/').count();
        // A browser puts the chosen folder's name in front. Copies further down, as trainers keep them, are not meant.
        let marks = all.iter().filter(|(path, _)| {
            let name = path.rsplit('/').next();
            name == Some(MODULES) || name == Some(ADAPTER_CONFIG)
        });
        let Some((mark, _)) = marks.min_by_key(|(path, _)| depth(path)) else {
            let reason = format!(
                "hold neither {MODULES} nor {ADAPTER_CONFIG}: give all files of a folder that sentence-transformers or PEFT saved"
            );
            return Err(Error::input("files", reason));
        };
        let root = mark.rfind('/').map_or("", |end| &mark[..=end]);
        let inside =
            all.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(root)?.to_owned(), *bytes)));
        Ok(Self(inside.collect()))
    }

    fn get(&self, path: &str) -> Option<&'a [u8]> {
        self.0.get(path).copied()
    }

    fn need(&self, path: &str) -> Result<&'a [u8]> {
        self.get(path).ok_or_else(|| invalid(path, self.missing(path)))
    }

    /// Why a file may be missing, and what to do about it.
    fn missing(&self, path: &str) -> String {
        let Some(folder) = path.strip_suffix(WEIGHTS) else { return "it is missing".into() };
        let there = |name: &str| self.0.contains_key(&format!("{folder}{name}"));
        if there("model.safetensors.index.json") || there("pytorch_model.bin.index.json") {
            return "the weights are in several files, of which none can be read alone. Save again as one, with max_shard_size=\"50GB\""
                .into();
        }
        if there("pytorch_model.bin") {
            return "it is missing; pytorch_model.bin cannot be read. Save again with safe_serialization=True"
                .into();
        }
        "it is missing".into()
    }

    /// The files in a folder, by their path there.
    fn under(&self, folder: &str) -> Vec<(&str, &'a [u8])> {
        self.0.iter().filter_map(|(path, bytes)| Some((path.strip_prefix(folder)?, *bytes))).collect()
    }
}

fn check_config(ours: &BertConfig, theirs: &BertConfig) -> Result<()> {
    let sizes = |c: &BertConfig| {
        [
            ("vocab_size", c.vocab_size as f64),
            ("hidden_size", c.hidden_size as f64),
            ("num_hidden_layers", c.num_hidden_layers as f64),
            ("num_attention_heads", c.num_attention_heads as f64),
            ("intermediate_size", c.intermediate_size as f64),
            ("max_position_embeddings", c.max_position_embeddings as f64),
            ("type_vocab_size", c.type_vocab_size as f64),
            ("layer_norm_eps", c.layer_norm_eps),
        ]
    };
    for ((field, expected), (_, got)) in sizes(ours).into_iter().zip(sizes(theirs)) {
        if expected != got {
            return Err(mismatch(&format!("{field} of {CONFIG}"), expected, got));
        }
    }
    Ok(())
}

fn check_pooling(encoder: &Encoder, json: Option<&[u8]>) -> Result<()> {
    let (expected, got) = (encoder.pooling(), config::pooling(json)?);
    if expected != got {
        return Err(mismatch("pooling", format!("{expected:?}"), format!("{got:?}")));
    }
    Ok(())
}

/// Texts that normalisation, special tokens and splitting show in.
const PROBES: [&str; 4] = [
    "How do I rotate the signing KEY?",
    "naïve Schlüssel, ключ 鑰匙 — 3.14",
    "a [SEP] b </s>",
    "don't  re-tokenize_this",
];

fn check_tokenizer(encoder: &Encoder, json: &[u8]) -> Result<()> {
    let theirs = Tokenizer::from_json(json, encoder.max_length())?;
    let what = |detail: &str| format!("{TOKENIZER}, by {detail},");
    if !encoder.tokenizer.same_vocabulary(&theirs) {
        let size = |tokenizer: &Tokenizer| format!("one of {} tokens", tokenizer.vocabulary_size());
        return Err(mismatch(&what("its vocabulary"), size(&encoder.tokenizer), size(&theirs)));
    }
    for probe in PROBES {
        let (expected, got) = (encoder.tokenizer.encode(probe)?, theirs.encode(probe)?);
        if expected != got {
            return Err(mismatch(
                &what(&format!("its ids of \"{probe}\"")),
                format!("{expected:?}"),
                format!("{got:?}"),
            ));
        }
    }
    Ok(())
}

/// A prompt that goes in front of every text unasked would make other embeddings there than here.
fn check_prompt(files: &Files<'_>) -> Result<()> {
    let Some(json) = files.get(SENTENCE_TRANSFORMERS) else { return Ok(()) };
    let file: serde_json::Value =
        serde_json::from_slice(json).map_err(|e| invalid(SENTENCE_TRANSFORMERS, e.to_string()))?;
    match file.get("default_prompt_name") {
        None | Some(serde_json::Value::Null) => Ok(()),
        Some(name) => {
            let reason = format!("default_prompt_name is {name}; prompts are not supported");
            Err(invalid(SENTENCE_TRANSFORMERS, reason))
        }
    }
}

fn mismatch(what: &str, expected: impl ToString, got: impl ToString) -> Error {
    Error::ModelMismatch { what: what.into(), expected: expected.to_string(), got: got.to_string() }
}
