//! `modules.json` and the modules after the transformer.

use super::super::config::invalid;
use super::super::weights::transpose;
use super::{MODULES, dense_weight};
use crate::error::Result;
use serde::Deserialize;

/// Where the parts of a model lie in its folder; paths end in `/` or are empty.
#[derive(Default)]
pub(super) struct Modules {
    pub(super) transformer: String,
    pub(super) pooling: Option<String>,
    pub(super) dense: Option<String>,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    r#type: String,
}

impl Modules {
    /// Reads the file.
    ///
    /// # Errors
    /// `ModelInvalid` naming a module that this encoder does not have, or an order of modules that it does not follow.
    pub(super) fn parse(json: &[u8]) -> Result<Self> {
        let list: Vec<Module> = serde_json::from_slice(json).map_err(|e| invalid(MODULES, e.to_string()))?;
        let mut found = Self::default();
        for (at, module) in list.into_iter().enumerate() {
            let path = if module.path.is_empty() { String::new() } else { format!("{}/", module.path) };
            // "sentence_transformers.models.Dense", and in newer folders "sentence_transformers.base.modules.dense.Dense".
            let kind = module.r#type.rsplit('.').next().unwrap_or_default();
            match kind {
                "Transformer" if at == 0 => found.transformer = path,
                "Pooling" if at == 1 => found.pooling = Some(path),
                "Dense" if at > 1 && found.dense.is_none() => found.dense = Some(path),
                "Normalize" if at > 1 => {}
                _ => {
                    let reason = format!(
                        "module {at} is {}; what can be read is Transformer, Pooling, at most one Dense, and Normalize",
                        module.r#type
                    );
                    return Err(invalid(MODULES, reason));
                }
            }
        }
        if found.pooling.is_none() {
            return Err(invalid(MODULES, "it names no Pooling after a Transformer".into()));
        }
        Ok(found)
    }
}

/// Is a model whose modules are these what its transformer and pooling alone give?
///
/// # Errors
/// `ModelInvalid` naming the module that would be left out: embeddings without it would be others than the model's.
pub(in super::super) fn check_plain(json: Option<&[u8]>) -> Result<()> {
    let Some(json) = json else { return Ok(()) };
    let Modules { transformer, dense, .. } = Modules::parse(json)?;
    if let Some(path) = dense {
        let reason = format!(
            "it names a Dense module in \"{path}\", which a base model must not have. If nearmiss trained it, load the model it began with and import this folder"
        );
        return Err(invalid(MODULES, reason));
    }
    if !transformer.is_empty() {
        let reason = format!("the transformer lies in \"{transformer}\": give the files of that folder");
        return Err(invalid(MODULES, reason));
    }
    Ok(())
}

/// `config.json` of a Dense module, with what sentence-transformers assumes where it is silent.
#[derive(Deserialize)]
struct Dense {
    in_features: usize,
    out_features: usize,
    #[serde(default = "yes")]
    bias: bool,
    #[serde(default = "tanh")]
    activation_function: String,
    #[serde(default)]
    use_residual: bool,
    #[serde(default = "sentence_embedding")]
    module_input_name: String,
    #[serde(default)]
    module_output_name: Option<String>,
}

fn yes() -> bool {
    true
}
fn tanh() -> String {
    "torch.nn.modules.activation.Tanh".into()
}
fn sentence_embedding() -> String {
    "sentence_embedding".into()
}

/// A Dense module as the `W` of a head, `[dim, dim]`.
///
/// `x (I + W) = x Mᵀ`, so `W = Mᵀ − I`; with a residual, which adds `x` itself, `W = Mᵀ`.
///
/// # Errors
/// `ModelInvalid` naming the field when it is not a square linear map without bias.
pub(super) fn head(path: &str, config: &[u8], weights: &[u8], dim: usize) -> Result<Vec<f32>> {
    let file = format!("{path}config.json");
    let dense: Dense = serde_json::from_slice(config).map_err(|e| invalid(&file, e.to_string()))?;
    let refuse = |field: &str, value: String, only: String| {
        Err(invalid(&file, format!("{field} is {value}; only {only} can be read as a head")))
    };
    for (field, value) in [("in_features", dense.in_features), ("out_features", dense.out_features)] {
        if value != dim {
            return refuse(field, value.to_string(), dim.to_string());
        }
    }
    if dense.bias {
        return refuse("bias", "true".into(), "false".into());
    }
    if dense.activation_function.rsplit('.').next() != Some("Identity") {
        return refuse("activation_function", dense.activation_function, "Identity".into());
    }
    let output = dense.module_output_name.as_ref().unwrap_or(&dense.module_input_name);
    for (field, value) in [("module_input_name", &dense.module_input_name), ("module_output_name", output)] {
        if value != "sentence_embedding" {
            return refuse(field, value.clone(), sentence_embedding());
        }
    }
    let mut values = transpose(&dense_weight(&format!("{path}model.safetensors"), weights, dim)?, dim);
    if !dense.use_residual {
        for diagonal in values.iter_mut().step_by(dim + 1) {
            *diagonal -= 1.0;
        }
    }
    Ok(values)
}
