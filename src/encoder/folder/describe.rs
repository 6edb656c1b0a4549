//! What a folder says about itself: to people, and to transformers' `AutoTokenizer`.

use super::super::config::invalid;
use super::write::Contents;
use super::{TOKENIZER, Towers};
use crate::error::Result;
use serde_json::{Map, Value};

/// Names under which tokenizers of sentence encoders keep each special token.
const SPECIAL: [(&str, [&str; 2]); 5] = [
    ("pad_token", ["[PAD]", "<pad>"]),
    ("unk_token", ["[UNK]", "<unk>"]),
    ("cls_token", ["[CLS]", "<s>"]),
    ("sep_token", ["[SEP]", "</s>"]),
    ("mask_token", ["[MASK]", "<mask>"]),
];

/// `tokenizer_config.json` under which `tokenizer.json` is used as it is.
///
/// Only tokens that the file itself calls special are named: naming another would make it special, and texts that contain it
/// would get other ids.
pub(super) fn tokenizer(source: &[u8], max_length: usize) -> Result<Value> {
    let file: Value = serde_json::from_slice(source).map_err(|e| invalid(TOKENIZER, e.to_string()))?;
    let tokens = file.get("added_tokens").and_then(Value::as_array).into_iter().flatten();
    let special: Vec<&str> = tokens
        .filter(|token| token.get("special").and_then(Value::as_bool) == Some(true))
        .filter_map(|token| token.get("content")?.as_str())
        .collect();
    let mut config = Map::new();
    config.insert("tokenizer_class".into(), "PreTrainedTokenizerFast".into());
    config.insert("model_max_length".into(), max_length.into());
    for (role, names) in SPECIAL {
        if let Some(name) = names.into_iter().find(|name| special.contains(name)) {
            config.insert(role.into(), name.into());
        }
    }
    Ok(config.into())
}

/// What this folder is and how to use it.
pub(super) fn readme(contents: &Contents<'_>) -> String {
    let (dim, length) = (contents.dimensions, contents.max_length);
    let side = match contents.towers {
        Towers::Shared => "Queries and documents are both encoded with it.",
        Towers::Query => {
            "This is the query tower: encode queries with it. Documents keep the model that training began with; encode them with\n\
             that one."
        }
    };
    let head = match contents.head {
        Some(_) => "\n`2_Dense` is what training added: a linear map on finished embeddings.\n",
        None => "",
    };
    format!(
        "# A sentence encoder, exported by nearmiss\n\n\
         ```python\n\
         from sentence_transformers import SentenceTransformer\n\n\
         model = SentenceTransformer(\"path/to/this/folder\")\n\
         embeddings = model.encode([\"How do I rotate the signing key?\"])\n\
         ```\n\n\
         {side}\n\n\
         Embeddings have {dim} numbers and length 1, so that a dot product is a cosine. Texts are cut after {length} tokens.\n\
         {head}\n\
         BERT's pooler is not part of the folder because nothing uses it. A notice that `pooler.dense` is missing or newly\n\
         initialised is harmless.\n"
    )
}
