//! `config.json`, `1_Pooling/config.json` and `sentence_bert_config.json`: what the encoder needs of them.

use crate::error::{Error, Result};
use serde::Deserialize;

/// How token embeddings become one vector. Sentence-transformers' `1_Pooling/config.json`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Mean over the tokens that are not padding.
    Mean,
    /// The first token, `[CLS]`.
    Cls,
}

/// What of `config.json` tells one architecture from another. Each may be absent, in files made by hand.
#[derive(Deserialize)]
struct Kind {
    model_type: Option<String>,
    /// Only the exact one exists here.
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    is_decoder: Option<bool>,
}

impl Kind {
    fn check(&self) -> Result<()> {
        for (field, value, only) in [
            ("model_type", &self.model_type, "bert"),
            ("hidden_act", &self.hidden_act, "gelu"),
            ("position_embedding_type", &self.position_embedding_type, "absolute"),
        ] {
            if let Some(value) = value.as_ref().filter(|value| *value != only) {
                let reason = format!("{field} is \"{value}\"; only \"{only}\" is supported");
                return Err(invalid("config.json", reason));
            }
        }
        if self.is_decoder == Some(true) {
            return Err(invalid("config.json", "is_decoder is true; only an encoder is supported".into()));
        }
        Ok(())
    }
}

/// Sizes of a BERT encoder, named as in Hugging Face's `config.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct BertConfig {
    /// Rows of the word-embedding table.
    pub vocab_size: usize,
    /// Length of an embedding.
    pub hidden_size: usize,
    /// Number of transformer layers.
    pub num_hidden_layers: usize,
    /// Heads of each attention; divides `hidden_size`.
    pub num_attention_heads: usize,
    /// Width of the feed-forward layer.
    pub intermediate_size: usize,
    /// Longest input in tokens.
    pub max_position_embeddings: usize,
    /// Rows of the segment-embedding table; only row 0 is used.
    #[serde(default = "two")]
    pub type_vocab_size: usize,
    /// Added to the variance in each layer norm.
    #[serde(default = "tiny")]
    pub layer_norm_eps: f64,
}

fn two() -> usize {
    2
}
fn tiny() -> f64 {
    1e-12
}

impl BertConfig {
    /// Parses and checks `config.json`.
    ///
    /// # Errors
    /// `ModelInvalid`, naming the field that is missing, of another architecture, or inconsistent.
    pub fn from_json(json: &[u8]) -> Result<Self> {
        // First: other architectures have other names for the sizes, and to miss ours would be the wrong message.
        let kind: Kind = serde_json::from_slice(json).map_err(|e| invalid("config.json", e.to_string()))?;
        kind.check()?;
        let config: Self = serde_json::from_slice(json).map_err(|e| invalid("config.json", e.to_string()))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<()> {
        // Bounds far above any sentence encoder, so that sizes multiply without overflow on 32 bits.
        for (field, value, most) in [
            ("vocab_size", self.vocab_size, 2_000_000),
            ("hidden_size", self.hidden_size, 8192),
            ("num_hidden_layers", self.num_hidden_layers, 128),
            ("num_attention_heads", self.num_attention_heads, 256),
            ("intermediate_size", self.intermediate_size, 65_536),
            ("max_position_embeddings", self.max_position_embeddings, 65_536),
            ("type_vocab_size", self.type_vocab_size, 1024),
        ] {
            if value == 0 || value > most {
                let reason = format!("{field} is {value}; it must be 1 to {most}");
                return Err(invalid("config.json", reason));
            }
        }
        if !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            let reason = format!(
                "hidden_size {} is not divisible by num_attention_heads {}",
                self.hidden_size, self.num_attention_heads
            );
            return Err(invalid("config.json", reason));
        }
        if !(self.layer_norm_eps.is_finite() && self.layer_norm_eps > 0.0) {
            return Err(invalid("config.json", "layer_norm_eps must be positive".into()));
        }
        Ok(())
    }
}

/// Reads `1_Pooling/config.json`; without the file, mean pooling, as sentence-transformers does.
pub(super) fn pooling(json: Option<&[u8]>) -> Result<Pooling> {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct File {
        pooling_mode_cls_token: bool,
        pooling_mode_mean_tokens: bool,
        pooling_mode_max_tokens: bool,
        pooling_mode_mean_sqrt_len_tokens: bool,
        pooling_mode_weightedmean_tokens: bool,
        pooling_mode_lasttoken: bool,
        /// Newer files (sentence-transformers 6) say it in one word.
        pooling_mode: Option<serde_json::Value>,
    }
    let Some(json) = json else { return Ok(Pooling::Mean) };
    let name = "1_Pooling/config.json";
    let file: File = serde_json::from_slice(json).map_err(|e| invalid(name, e.to_string()))?;
    let other = file.pooling_mode_max_tokens
        || file.pooling_mode_mean_sqrt_len_tokens
        || file.pooling_mode_weightedmean_tokens
        || file.pooling_mode_lasttoken;
    if let Some(mode) = file.pooling_mode {
        return match mode.as_str() {
            Some("mean") => Ok(Pooling::Mean),
            Some("cls") => Ok(Pooling::Cls),
            _ => Err(invalid(name, format!("pooling_mode is {mode}; only \"mean\" or \"cls\" is supported"))),
        };
    }
    match (file.pooling_mode_cls_token, file.pooling_mode_mean_tokens, other) {
        (false, true, false) => Ok(Pooling::Mean),
        (true, false, false) => Ok(Pooling::Cls),
        _ => Err(invalid(name, "only mean or CLS pooling alone is supported".into())),
    }
}

/// `max_seq_length` of `sentence_bert_config.json`, if the file is there and says so.
pub(super) fn max_seq_length(json: Option<&[u8]>) -> Result<Option<usize>> {
    #[derive(Deserialize)]
    struct File {
        max_seq_length: Option<usize>,
    }
    let Some(json) = json else { return Ok(None) };
    let file: File =
        serde_json::from_slice(json).map_err(|e| invalid("sentence_bert_config.json", e.to_string()))?;
    Ok(file.max_seq_length)
}

pub(super) fn invalid(file: &str, reason: String) -> Error {
    Error::ModelInvalid { file: file.into(), reason }
}
