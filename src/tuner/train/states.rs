//! What enters the lowest trained layer, by text: the layers below it never change during a run, so they are computed once.

use crate::encoder::{Encoder, Input, States, Tower};
use crate::error::Result;
use nearmiss_kernels::fnv1a;
use std::collections::HashMap;

/// Most memory for states. A passage of 128 tokens takes 98 kB with MiniLM: 2,700 fit. What does not is computed again each time.
const MOST_BYTES: usize = 256 << 20;

/// States of texts, as many as fit.
#[derive(Default)]
pub(super) struct StateCache {
    known: HashMap<u64, States>,
    bytes: usize,
}

impl StateCache {
    /// For each text what enters the layer with this number; token ids where that is the first.
    ///
    /// # Errors
    /// `TokenizerInvalid`, `DeviceLost`.
    pub(super) async fn inputs(
        &mut self,
        encoder: &Encoder,
        texts: &[String],
        layer: usize,
        tower: Tower,
    ) -> Result<Vec<Input>> {
        if layer == 0 {
            return Ok(encoder.tokenize(texts)?.into_iter().map(Input::Tokens).collect());
        }
        let key = |text: &String| fnv1a(encoder.fingerprint(tower), text.as_bytes());
        let mut unknown: Vec<&String> =
            texts.iter().filter(|text| !self.known.contains_key(&key(text))).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let computed = encoder.states(&encoder.tokenize(&unknown)?, layer, tower).await?;
        let fresh: HashMap<u64, States> = unknown.into_iter().map(key).zip(computed).collect();
        let of = |text: &String| self.known.get(&key(text)).or_else(|| fresh.get(&key(text))).cloned();
        let inputs = texts.iter().filter_map(of).map(Input::States).collect();
        for (key, states) in fresh {
            if self.bytes + states.bytes() <= MOST_BYTES {
                self.bytes += states.bytes();
                self.known.insert(key, states);
            }
        }
        Ok(inputs)
    }
}
