//! The special tokens that a model wants around every text.

use super::invalid;
use crate::error::Result;
use serde_json::Value;

/// Ids in front of the text's own, and behind them.
#[derive(Default)]
pub(super) struct Template {
    pub(super) before: Vec<u32>,
    pub(super) after: Vec<u32>,
}

impl Template {
    pub(super) fn length(&self) -> usize {
        self.before.len() + self.after.len()
    }
}

/// Reads `post_processor`: what it says of single texts.
///
/// # Errors
/// `TokenizerInvalid` for another kind, and for a template that names a token which it does not define.
pub(super) fn read(processor: &Value) -> Result<Template> {
    match processor["type"].as_str() {
        None if processor.is_null() => Ok(Template::default()),
        Some("TemplateProcessing") => pieces(processor),
        Some("BertProcessing" | "RobertaProcessing") => {
            let id = |name: &str| id(&processor[name][1]);
            Ok(Template { before: vec![id("cls")?], after: vec![id("sep")?] })
        }
        // It moves offsets and adds nothing.
        Some("ByteLevel") => Ok(Template::default()),
        Some("Sequence") => {
            let mut all = Template::default();
            for inner in processor["processors"].as_array().into_iter().flatten() {
                let Template { before, after } = read(inner)?;
                all.before.splice(0..0, before);
                all.after.extend(after);
            }
            Ok(all)
        }
        _ => Err(invalid(format!(
            "post_processor.type is {}; TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel and Sequence can be read",
            processor["type"]
        ))),
    }
}

fn pieces(processor: &Value) -> Result<Template> {
    let mut template = Template::default();
    let mut texts = 0;
    for piece in processor["single"].as_array().into_iter().flatten() {
        let side = if texts == 0 { &mut template.before } else { &mut template.after };
        match (piece["SpecialToken"]["id"].as_str(), piece["Sequence"]["id"].as_str()) {
            (Some(name), None) => side.extend(ids(name, &processor["special_tokens"][name])?),
            (None, Some("A")) => texts += 1,
            _ => return Err(invalid(format!("its post-processor's template has {piece} for a single text"))),
        }
    }
    if texts == 1 {
        return Ok(template);
    }
    Err(invalid(format!("its post-processor's template takes in a single text {texts} times, not once")))
}

fn ids(name: &str, token: &Value) -> Result<Vec<u32>> {
    let undefined = || invalid(format!("its post-processor names \"{name}\", which it does not define"));
    token["ids"].as_array().ok_or_else(undefined)?.iter().map(id).collect()
}

fn id(value: &Value) -> Result<u32> {
    let number = value.as_u64().and_then(|id| u32::try_from(id).ok());
    number.ok_or_else(|| invalid(format!("its post-processor has {value} for the id of a token")))
}
