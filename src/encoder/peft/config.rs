//! `adapter_config.json`: what PEFT needs to find the maps again, and what an adapter must not ask for here.

use super::super::config::invalid;
use crate::error::Result;
use serde_json::{Map, Value, json};

pub(super) const FILE: &str = "adapter_config.json";

/// Fields that say where an adapter came from, where it goes, or how it was trained, but not what it computes from its tensors.
const FREE: [&str; 21] = [
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "init_lora_weights",
    "layers_pattern",
    "layers_to_transform",
    "loftq_config",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "revision",
    "target_modules",
    "task_type",
];

/// Ways to begin that leave the weights beneath as they are. The others (PiSSA, OLoRA, CorDA, LoftQ) change them, so that the
/// adapter alone is not the model.
const BEGINNINGS: [&str; 3] = ["gaussian", "eva", "orthogonal"];

/// The file for plain LoRA on these modules, given by their full paths.
pub(super) fn write(rank: usize, alpha: f64, modules: &[String]) -> Value {
    json!({
        "peft_type": "LORA",
        "task_type": "FEATURE_EXTRACTION",
        // Whoever loads it names the model: only they know where it lies.
        "base_model_name_or_path": null,
        "revision": null,
        "r": rank,
        // PEFT writes whole numbers, and accepts others.
        "lora_alpha": if alpha.fract() == 0.0 && alpha.abs() < 1e9 { json!(alpha as i64) } else { json!(alpha) },
        // Full paths: a bare "output.dense" would match the one of the attention as well.
        "target_modules": modules,
        "layers_to_transform": null,
        "layers_pattern": null,
        "rank_pattern": {},
        "alpha_pattern": {},
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": false,
        "modules_to_save": null,
        "init_lora_weights": true,
        "use_rslora": false,
        "use_dora": false,
        "inference_mode": true,
    })
}

/// Rank and alpha of a plain LoRA.
pub(super) fn read(bytes: &[u8]) -> Result<(usize, f64)> {
    let file: Map<String, Value> = serde_json::from_slice(bytes).map_err(|e| invalid(FILE, e.to_string()))?;
    if file.get("peft_type").and_then(Value::as_str) != Some("LORA") {
        return Err(refused("peft_type", file.get("peft_type")));
    }
    for (field, value) in &file {
        if !FREE.contains(&field.as_str()) && !is_off(value) {
            return Err(refused(field, Some(value)));
        }
    }
    match file.get("init_lora_weights") {
        None | Some(Value::Null | Value::Bool(_)) => {}
        Some(Value::String(name)) if BEGINNINGS.contains(&name.as_str()) => {}
        other => return Err(refused("init_lora_weights", other)),
    }
    let rank = file.get("r").and_then(Value::as_u64).and_then(|r| usize::try_from(r).ok());
    let Some(rank) = rank.filter(|&r| r > 0) else {
        return Err(invalid(FILE, "r must be a whole number above 0".into()));
    };
    let Some(alpha) = file.get("lora_alpha").and_then(Value::as_f64).filter(|a| a.is_finite()) else {
        return Err(invalid(FILE, "lora_alpha must be a number".into()));
    };
    Ok((rank, alpha))
}

/// Null, false, "none" and empty things: a feature that is not used.
fn is_off(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty() || text == "none",
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

fn refused(field: &str, value: Option<&Value>) -> crate::error::Error {
    let value = value.map_or("missing".to_owned(), Value::to_string);
    let reason = format!(
        "{field} is {value}; only plain LoRA can be read. Merge the adapter in Python and import the whole model"
    );
    invalid(FILE, reason)
}
