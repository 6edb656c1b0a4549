//! Texts to tokens to unit vectors.

use super::{Bert, Encoder, TokenBatch, Tower, l2_normalize, passes, pool, read};
use crate::embeddings::Embeddings;
use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor};

impl Encoder {
    /// Unit vectors of the texts before any adapter, one row a text.
    ///
    /// Callers cut long lists with [`plan`]; what of a batch is of unlike length goes through in [`passes`].
    ///
    /// # Errors
    /// `TokenizerInvalid`, `DeviceLost`, `OutOfMemory`.
    pub async fn encode<S: AsRef<str>>(&self, texts: &[S], tower: Tower) -> Result<Embeddings> {
        if texts.is_empty() {
            return Ok(Embeddings::empty(self.dimensions()));
        }
        let sequences = self.tokenize(texts)?;
        #[cfg(not(feature = "webgpu"))]
        if let Some(copies) = &self.quantized {
            let bert = self.now.bert(tower);
            let copy = copies.of(self.fingerprint(tower), bert).await?;
            let values = copy.encode(bert, &sequences, self.pooling).await?;
            return Embeddings::new(self.dimensions(), values);
        }
        let (dim, lengths) = (self.dimensions(), sequences.iter().map(Vec::len).collect::<Vec<_>>());
        let mut values = vec![0.0; dim * texts.len()];
        for pass in passes(&lengths) {
            let chosen: Vec<&[u32]> = pass.iter().map(|&at| sequences[at].as_slice()).collect();
            let [rows] = read([self.forward(self.now.bert(tower), &chosen, &self.device)]).await?;
            for (row, at) in rows.chunks_exact(dim).zip(pass) {
                values[at * dim..][..dim].copy_from_slice(row);
            }
        }
        Embeddings::new(dim, values)
    }

    /// Token ids of each text, all of them rows of the word-embedding table.
    ///
    /// # Errors
    /// `TokenizerInvalid` when the tokenizer gives an id that the model does not have.
    pub fn tokenize<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Vec<u32>>> {
        let one = |text: &S| {
            let ids = self.tokenizer.encode(text.as_ref())?;
            self.check_ids(&ids)?;
            Ok(ids)
        };
        texts.iter().map(one).collect()
    }

    /// How many tokens a text has, whatever its length, without those that mark beginning and end. Counted piece by piece, each short
    /// enough to be read whole: a word cut in two may count one more.
    ///
    /// # Errors
    /// `TokenizerInvalid`.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        let marks = self.tokenizer.encode("")?.len();
        let longest = (self.max_length().saturating_sub(marks) / 2).max(1);
        let (mut total, mut rest) = (0, text);
        while !rest.is_empty() {
            let end = rest.char_indices().nth(longest).map_or(rest.len(), |(at, _)| at);
            let space = rest[..end].rfind(char::is_whitespace).filter(|&at| at > 0 && end < rest.len());
            let (piece, others) = rest.split_at(space.unwrap_or(end));
            total += self.tokenizer.encode(piece)?.len().saturating_sub(marks);
            rest = others;
        }
        Ok(total)
    }

    pub(super) fn check_ids(&self, ids: &[u32]) -> Result<()> {
        let most = self.config.vocab_size;
        match ids.iter().find(|&&id| id as usize >= most) {
            None => Ok(()),
            Some(id) => {
                let reason = format!("it gives the id {id}, the model has {most} word embeddings");
                Err(Error::TokenizerInvalid { reason })
            }
        }
    }

    /// Pooled unit vectors of token sequences through any copy of the transformer (training passes its own).
    ///
    /// # Shapes
    /// - output: `[sequences, dimensions]`
    pub fn forward(&self, bert: &Bert, sequences: &[impl AsRef<[u32]>], device: &Device) -> Tensor<2> {
        let (tokens, mask) = self.hidden(bert, sequences, device);
        l2_normalize(pool(tokens, mask, self.pooling))
    }

    /// Last hidden states, `[sequences, seq, dimensions]`, and their mask, `[sequences, seq]`.
    pub(super) fn hidden(
        &self,
        bert: &Bert,
        sequences: &[impl AsRef<[u32]>],
        device: &Device,
    ) -> (Tensor<3>, Tensor<2>) {
        let batch = TokenBatch::new(sequences, self.config.max_position_embeddings, device);
        (bert.forward(batch.ids, batch.mask.clone()), batch.mask)
    }
}
