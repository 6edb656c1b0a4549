//! One vector a token, for late interaction and alignment, beside the one a text of [`Encoder::encode`].

use super::{Encoder, Tower, l2_normalize, read};
use crate::embeddings::Embeddings;
use crate::error::Result;
use std::ops::Range;

/// A text, token by token: special tokens and padding left out.
#[derive(Debug, Clone, PartialEq)]
pub struct TokenEmbeddings {
    /// `[tokens, dimensions]`: last hidden states, each scaled to length 1.
    pub rows: Embeddings,
    /// The bytes of the text that each row stands for; both ends are char boundaries.
    pub spans: Vec<Range<usize>>,
}

impl Encoder {
    /// Vectors of every token of each text, before pooling and before any adapter, in one forward pass and one read-back.
    ///
    /// A text is cut at [`Self::max_length`]; one without tokens has no rows. Callers cut long lists with [`super::plan`].
    ///
    /// # Errors
    /// `TokenizerInvalid`, `DeviceLost`, `OutOfMemory`.
    pub async fn encode_tokens<S: AsRef<str>>(
        &self,
        texts: &[S],
        tower: Tower,
    ) -> Result<Vec<TokenEmbeddings>> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let mut sequences = Vec::with_capacity(texts.len());
        let mut spans = Vec::with_capacity(texts.len());
        for text in texts {
            let tokens = self.tokenizer.encode_with_spans(text.as_ref())?;
            let (ids, own): (Vec<u32>, Vec<_>) = tokens.into_iter().unzip();
            self.check_ids(&ids)?;
            sequences.push(ids);
            spans.push(own);
        }
        let (states, _) = self.hidden(self.now.bert(tower), &sequences, &self.device);
        let [batch, seq, dim] = states.dims();
        // Padding travels back too: picking rows on a GPU would make a new shape of every batch.
        let [values] = read([l2_normalize(states.reshape([batch * seq, dim]))]).await?;
        let texts = values.chunks_exact(seq * dim).zip(spans);
        texts.map(|(values, spans)| real_tokens(values, spans, dim)).collect()
    }
}

/// The rows, of `[seq, dim]`, that have a span.
fn real_tokens(values: &[f32], spans: Vec<Option<Range<usize>>>, dim: usize) -> Result<TokenEmbeddings> {
    let mut rows = Vec::with_capacity(values.len());
    let mut kept = Vec::with_capacity(spans.len());
    for (row, span) in values.chunks_exact(dim).zip(spans) {
        if let Some(span) = span {
            rows.extend_from_slice(row);
            kept.push(span);
        }
    }
    Ok(TokenEmbeddings { rows: Embeddings::new(dim, rows)?, spans: kept })
}
