//! `adapter_model.safetensors` and its config, out and in.

use super::super::config::invalid;
use super::super::folder::{ExportedFile, TOWERS, towers_in, towers_name};
use super::super::weights::{NamedTensor, Weights, to_safetensors, transpose};
use super::{LoraFactor, LoraTensors, Target, config};
use crate::error::{Error, Result};
use std::collections::{BTreeMap, HashMap};

/// Name of the file that makes a folder an adapter.
pub const ADAPTER_CONFIG: &str = config::FILE;
const TENSORS: &str = "adapter_model.safetensors";
const PREFIX: &str = "base_model.model.";
/// In the header of the tensors: the config once more, so that one file is enough here.
const CONFIG_HERE: &str = "nearmiss.adapter_config";

/// The two files that PEFT loads.
///
/// # Errors
/// `Internal` when a factor's numbers do not make rows of `rank`.
pub fn to_peft(lora: &LoraTensors) -> Result<Vec<ExportedFile>> {
    let mut tensors = Vec::with_capacity(2 * lora.factors.len());
    for factor in &lora.factors {
        let whole = |v: &[f32]| lora.rank > 0 && !v.is_empty() && v.len().is_multiple_of(lora.rank);
        if !whole(&factor.a) || !whole(&factor.b) {
            return Err(Error::Internal { reason: format!("factors of {} without a rank", factor.path()) });
        }
        let (d_in, d_out) = (factor.a.len() / lora.rank, factor.b.len() / lora.rank);
        let tensor = |letter: &str, shape: [usize; 2], values: Vec<f32>| NamedTensor {
            name: format!("{PREFIX}{}.lora_{letter}.weight", factor.path()),
            shape: shape.to_vec(),
            values,
        };
        tensors.push(tensor("A", [lora.rank, d_in], transpose(&factor.a, lora.rank)));
        tensors.push(tensor("B", [d_out, lora.rank], transpose(&factor.b, d_out)));
    }
    let modules: Vec<String> = lora.factors.iter().map(LoraFactor::path).collect();
    let config = config::write(lora.rank, lora.alpha, &modules);
    let towers = towers_name(lora.towers).to_owned();
    let header = [("format", "pt".to_owned()), (TOWERS, towers), (CONFIG_HERE, config.to_string())];
    Ok(vec![
        ExportedFile::json(ADAPTER_CONFIG, &config),
        ExportedFile { path: TENSORS.into(), bytes: to_safetensors(&tensors, &header)? },
    ])
}

/// Both files from the one with the tensors, if it was written here.
pub fn peft_files(tensors: &[u8], header: &HashMap<String, String>) -> Option<Vec<ExportedFile>> {
    let config = header.get(CONFIG_HERE)?;
    Some(vec![
        ExportedFile { path: TENSORS.into(), bytes: tensors.to_vec() },
        ExportedFile { path: ADAPTER_CONFIG.into(), bytes: config.clone().into_bytes() },
    ])
}

/// Reads both files, given as (path, bytes); others are passed over. Factors come by layer, then target.
///
/// # Errors
/// `ModelInvalid` naming the file, and the field or the tensor, when one is missing, broken, or more than plain LoRA on a BERT's
/// linear maps (DoRA, rank-stabilised scaling, ranks that differ, trained biases or other modules).
pub fn from_peft(files: &[(&str, &[u8])]) -> Result<LoraTensors> {
    let need = |name: &str| {
        let found = files.iter().find(|(path, _)| *path == name).map(|&(_, bytes)| bytes);
        found.ok_or_else(|| invalid(name, missing(name, files)))
    };
    let (rank, alpha) = config::read(need(ADAPTER_CONFIG)?)?;
    let bytes = need(TENSORS)?;
    let towers = towers_in(TENSORS, bytes)?;
    let weights = Weights::named(&bytes, TENSORS)?;
    let mut pairs: BTreeMap<(usize, Target), [Option<Vec<f32>>; 2]> = BTreeMap::new();
    for (name, shape) in weights.shapes() {
        // Adapters of "all linear maps" have one for BERT's pooler too, which no sentence encoder uses.
        if inner(&name).is_some_and(|module| module.starts_with("pooler.")) {
            continue;
        }
        let (layer, target, side) = parse(&name)?;
        let shape = match shape[..] {
            [first, second] if first > 0 && second > 0 && shape[side] == rank => [first, second],
            _ => {
                let reason = format!("tensor \"{name}\" is {shape:?}, of another rank than r = {rank}");
                return Err(invalid(TENSORS, reason));
            }
        };
        let values = transpose(&weights.take(&name, &shape)?, shape[1]);
        if pairs.entry((layer, target)).or_default()[side].replace(values).is_some() {
            return Err(invalid(
                TENSORS,
                format!("tensor \"{name}\" stands for a factor that is there twice"),
            ));
        }
    }
    let mut factors = Vec::with_capacity(pairs.len());
    for ((layer, target), pair) in pairs {
        let [Some(a), Some(b)] = pair else {
            let module = target.path(layer);
            return Err(invalid(TENSORS, format!("{module} has one of lora_A and lora_B, not both")));
        };
        factors.push(LoraFactor { layer, target, a, b });
    }
    if factors.is_empty() {
        return Err(invalid(TENSORS, "it holds no LoRA factors".into()));
    }
    Ok(LoraTensors { rank, alpha, towers, factors })
}

fn missing(name: &str, files: &[(&str, &[u8])]) -> String {
    if name == TENSORS && files.iter().any(|(path, _)| *path == "adapter_model.bin") {
        return "it is missing; adapter_model.bin cannot be read. Save again with safe_serialization=True"
            .into();
    }
    "it is missing".into()
}

/// The path of a tensor within its BERT; some models wrap theirs.
fn inner(name: &str) -> Option<&str> {
    let inner = name.strip_prefix(PREFIX)?;
    Some(inner.strip_prefix("bert.").unwrap_or(inner))
}

/// Layer, target and side (0 for A, 1 for B) from a tensor's name.
fn parse(name: &str) -> Result<(usize, Target, usize)> {
    let unknown = || {
        let reason = format!("tensor \"{name}\" is no LoRA factor of a linear map in a BERT layer");
        invalid(TENSORS, reason)
    };
    let inner = inner(name).and_then(|module| module.strip_prefix("encoder.layer."));
    let (layer, rest) = inner.and_then(|rest| rest.split_once('.')).ok_or_else(unknown)?;
    let layer = layer.parse().map_err(|_| unknown())?;
    let sides = [".lora_A.weight", ".lora_B.weight"];
    let found = sides.iter().enumerate().find_map(|(side, end)| Some((side, rest.strip_suffix(end)?)));
    let (side, module) = found.ok_or_else(unknown)?;
    let target = Target::ALL.into_iter().find(|t| t.module() == module).ok_or_else(unknown)?;
    Ok((layer, target, side))
}
