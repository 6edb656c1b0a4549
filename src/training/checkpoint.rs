//! A run on its way, as bytes: a safetensors file whose header holds the state of everything that is no tensor.

use super::trainer::Trainer;
use crate::encoder::{Encoder, NamedTensor, read, to_safetensors};
use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData};
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;

const STATE: &str = "nearmiss.checkpoint";

/// A tensor of one dimension by name.
pub type Named = (&'static str, Tensor<1>);

/// What a checkpoint holds.
pub struct Checkpoint {
    /// JSON.
    pub state: String,
    tensors: Vec<NamedTensor>,
}

impl Checkpoint {
    /// Reads the tensors back, all in one go.
    ///
    /// # Errors
    /// `DeviceLost`.
    pub async fn new(state: String, tensors: Vec<Named>) -> Result<Self> {
        let mut named = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors {
            let [values] = read([tensor]).await?;
            named.push(NamedTensor { name: name.into(), shape: vec![values.len()], values });
        }
        Ok(Self { state, tensors: named })
    }

    /// As a file.
    ///
    /// # Errors
    /// `Internal`.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        to_safetensors(&self.tensors, &[(STATE, self.state.clone())])
    }

    /// # Errors
    /// `InputInvalid` when this is no checkpoint, or a broken one.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let invalid = |reason: String| Error::input("resume", reason);
        let broken = |e: safetensors::SafeTensorError| invalid(format!("is no checkpoint: {e}"));
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(broken)?;
        let state = metadata.metadata().as_ref().and_then(|header| header.get(STATE)).cloned();
        let state = state.ok_or_else(|| invalid("is a safetensors file, but no checkpoint".into()))?;
        let mut tensors = Vec::new();
        for (name, view) in SafeTensors::deserialize(bytes).map_err(broken)?.tensors() {
            if view.dtype() != Dtype::F32 || view.shape().len() != 1 {
                return Err(invalid(format!("holds \"{name}\" in another form than checkpoints do")));
            }
            let values: Vec<f32> = view
                .data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect();
            tensors.push(NamedTensor { name, shape: vec![values.len()], values });
        }
        Ok(Self { state, tensors })
    }

    /// One tensor, if it is there.
    ///
    /// # Errors
    /// `InputInvalid` when its length is another or a number is not finite.
    pub fn tensor(&self, name: &str, length: usize, device: &Device) -> Result<Option<Tensor<1>>> {
        let Some(found) = self.tensors.iter().find(|tensor| tensor.name == name) else { return Ok(None) };
        if found.values.len() != length || !found.values.iter().all(|value| value.is_finite()) {
            let reason = format!("its \"{name}\" is broken, or belongs to another model");
            return Err(Error::input("resume", reason));
        }
        Ok(Some(Tensor::from_data(TensorData::new(found.values.clone(), [length]), device)))
    }
}

impl Trainer {
    /// The state of weights and optimiser.
    pub fn tensors(&self) -> Vec<Named> {
        vec![
            ("weights", self.weights.clone()),
            ("first", self.optimizer.first.clone()),
            ("second", self.optimizer.second.clone()),
        ]
    }

    /// Names the weights with which training began.
    ///
    /// # Errors
    /// `DeviceLost`.
    pub async fn fingerprint_of_start(&self) -> Result<u64> {
        let [values] = read([self.start.clone()]).await?;
        Ok(values.iter().fold(FNV_OFFSET, |hash, value| fnv1a(hash, &value.to_le_bytes())))
    }

    /// Goes on where a checkpoint was made, after so many steps.
    ///
    /// # Errors
    /// `InputInvalid` when the checkpoint lacks something.
    pub fn resume(&mut self, checkpoint: &Checkpoint, encoder: &Encoder, steps: usize) -> Result<()> {
        let [length] = self.weights.dims();
        let need = |name: &str| {
            let missing = || Error::input("resume", format!("lacks \"{name}\""));
            checkpoint.tensor(name, length, encoder.device())?.ok_or_else(missing)
        };
        self.optimizer.first = need("first")?;
        self.optimizer.second = need("second")?;
        self.optimizer.updates = steps as i32;
        self.step = steps;
        let weights = need("weights")?;
        self.put(weights);
        Ok(())
    }
}
