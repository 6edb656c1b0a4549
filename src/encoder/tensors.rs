//! Tensors of a safetensors file by name, as f32, read piece by piece: a model is never in memory twice.

use super::config::invalid;
use crate::error::Result;
use nearmiss_kernels::fnv1a;
use safetensors::tensor::{Dtype, Metadata, TensorInfo};

/// Bytes that are read at once: more gains nothing (91 MB took the same time in pieces of 1/4 to 16 MiB).
const PIECE: usize = 1 << 20;
/// Of the length that stands before the header.
const LENGTH: usize = 8;
/// As in the safetensors crate.
const LONGEST_HEADER: usize = 100_000_000;

/// Where the bytes of a file lie.
pub trait Source {
    /// How many there are.
    fn length(&self) -> usize;

    /// Copies those from `at` on.
    ///
    /// # Errors
    /// `InputInvalid` where there are none any more.
    fn read(&self, at: usize, into: &mut [u8]) -> Result<()>;
}

impl Source for &[u8] {
    fn length(&self) -> usize {
        self.len()
    }

    fn read(&self, at: usize, into: &mut [u8]) -> Result<()> {
        let end = at.saturating_add(into.len());
        let gone = || crate::error::Error::input("weights", "is shorter than it was");
        into.copy_from_slice(self.get(at..end).ok_or_else(gone)?);
        Ok(())
    }
}

impl Source for Vec<u8> {
    fn length(&self) -> usize {
        self.len()
    }

    fn read(&self, at: usize, into: &mut [u8]) -> Result<()> {
        self.as_slice().read(at, into)
    }
}

/// Calls `with` for each piece of the bytes between; all but the last are multiples of `unit`.
fn pieces(
    source: &dyn Source,
    [from, to]: [usize; 2],
    unit: usize,
    mut with: impl FnMut(&[u8]),
) -> Result<()> {
    let most = (PIECE / unit.max(1)).max(1) * unit.max(1);
    let mut piece = vec![0; most.min(to.saturating_sub(from))];
    let mut at = from;
    while at < to {
        let length = most.min(to - at);
        source.read(at, &mut piece[..length])?;
        with(&piece[..length]);
        at += length;
    }
    Ok(())
}

/// FNV-1a over the whole file.
pub(super) fn fingerprint(mut hash: u64, source: &dyn Source) -> Result<u64> {
    pieces(source, [0, source.length()], 1, |piece| hash = fnv1a(hash, piece))?;
    Ok(hash)
}

/// A file whose header was read.
pub(super) struct TensorFile<'a> {
    source: &'a dyn Source,
    /// For messages.
    file: &'a str,
    header: Metadata,
    /// Of the first tensor.
    start: usize,
}

impl<'a> TensorFile<'a> {
    /// # Errors
    /// `ModelInvalid` when the bytes are no safetensors file.
    pub fn open(source: &'a dyn Source, file: &'a str) -> Result<Self> {
        let wrong = |reason: &str| invalid(file, format!("no safetensors file: {reason}"));
        let mut length = [0; LENGTH];
        if source.length() < LENGTH {
            return Err(wrong("it is too short"));
        }
        source.read(0, &mut length)?;
        let most = LONGEST_HEADER.min(source.length() - LENGTH);
        let length = usize::try_from(u64::from_le_bytes(length)).ok().filter(|&length| length <= most);
        let length = length.ok_or_else(|| wrong("its header is longer than the file"))?;
        let mut header = vec![0; length];
        source.read(LENGTH, &mut header)?;
        // The offsets are checked in here: one tensor follows another, each as long as type and shape say.
        let header: Metadata = serde_json::from_slice(&header).map_err(|e| wrong(&e.to_string()))?;
        let start = LENGTH + length;
        if header.data_len().checked_add(start) != Some(source.length()) {
            return Err(wrong("its tensors do not end where it does"));
        }
        Ok(Self { source, file, header, start })
    }

    /// Is there a tensor of this name?
    pub fn has(&self, name: &str) -> bool {
        self.header.info(name).is_some()
    }

    /// Every tensor's name and shape, by where they lie.
    pub fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        let shape = |name: String| self.header.info(&name).map(|info| (name.clone(), info.shape.clone()));
        self.header.offset_keys().into_iter().filter_map(shape).collect()
    }

    /// Values of one tensor of exactly this shape.
    ///
    /// # Errors
    /// `ModelInvalid` naming the tensor when it is missing, has another shape or element type, or holds NaN or infinity.
    pub fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let info = self.info(name, shape)?;
        let values = match info.dtype {
            Dtype::I8 => self.scaled(name, info)?,
            _ => self.floats(name, info)?,
        };
        if !values.iter().all(|v| v.is_finite()) {
            return Err(invalid(self.file, format!("tensor \"{name}\" holds a value that is not finite")));
        }
        Ok(values)
    }

    fn info(&self, name: &str, shape: &[usize]) -> Result<&TensorInfo> {
        let missing = || invalid(self.file, format!("tensor \"{name}\" is missing"));
        let info = self.header.info(name).ok_or_else(missing)?;
        if info.shape != shape {
            let reason =
                format!("tensor \"{name}\" is {:?}, the configuration asks for {shape:?}", info.shape);
            return Err(invalid(self.file, reason));
        }
        Ok(info)
    }

    fn pieces(&self, info: &TensorInfo, unit: usize, with: impl FnMut(&[u8])) -> Result<()> {
        let (from, to) = info.data_offsets;
        pieces(self.source, [self.start + from, self.start + to], unit, with)
    }

    fn floats(&self, name: &str, info: &TensorInfo) -> Result<Vec<f32>> {
        let mut values: Vec<f32> = Vec::with_capacity(info.shape.iter().product());
        let pair = |b: &[u8]| [b[0], b[1]];
        match info.dtype {
            Dtype::F32 => self.pieces(info, 4, |piece| {
                let of = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
                values.extend(piece.chunks_exact(4).map(of));
            }),
            Dtype::F16 => self.pieces(info, 2, |piece| {
                values.extend(piece.chunks_exact(2).map(|b| half::f16::from_le_bytes(pair(b)).to_f32()));
            }),
            Dtype::BF16 => self.pieces(info, 2, |piece| {
                values.extend(piece.chunks_exact(2).map(|b| half::bf16::from_le_bytes(pair(b)).to_f32()));
            }),
            other => {
                let reason = format!("tensor \"{name}\" is {other:?}; F32, F16, BF16 and I8 can be read");
                Err(invalid(self.file, reason))
            }
        }?;
        Ok(values)
    }

    /// Whole numbers times the scale of their row, which `NAME_scale` holds, `[rows, 1]`: the keys of compressed-tensors'
    /// `int-quantized` layout with one scale a channel. A quarter of f32's room, and brotli takes off more.
    fn scaled(&self, name: &str, info: &TensorInfo) -> Result<Vec<f32>> {
        let &[rows, columns] = info.shape.as_slice() else {
            return Err(invalid(self.file, format!("tensor \"{name}\" is I8; only a matrix can be")));
        };
        let scale = format!("{name}_scale");
        let mut scales = self.floats(&scale, self.info(&scale, &[rows, 1])?)?.into_iter();
        let mut values = Vec::with_capacity(rows * columns);
        self.pieces(info, columns, |piece| {
            for (row, scale) in piece.chunks_exact(columns.max(1)).zip(&mut scales) {
                values.extend(row.iter().map(|v| f32::from(v.cast_signed()) * scale));
            }
        })?;
        Ok(values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::TensorView;

    #[test]
    fn tensors_longer_than_a_piece_come_back_whole() {
        let values: Vec<f32> = (0..PIECE / 4 * 2 + 3).map(|i| i as f32).collect();
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        let view = TensorView::new(Dtype::F32, vec![values.len()], &bytes).unwrap();
        let file = safetensors::serialize([("a", view)], None).unwrap();
        let tensors = TensorFile::open(&file, "file").unwrap();
        assert_eq!(tensors.take("a", &[values.len()]).unwrap(), values);
        assert_eq!(fingerprint(7, &file).unwrap(), fnv1a(7, &file));
    }

    #[test]
    fn rows_in_eight_bits_longer_than_a_piece_keep_their_scales() {
        let (rows, columns) = (3, PIECE - 5);
        let bytes: Vec<u8> = (0..rows * columns).map(|i| (i % 200) as u8).collect();
        let scales: Vec<u8> = [0.5_f32, 1.0, 2.0].iter().flat_map(|v| v.to_le_bytes()).collect();
        let matrix = TensorView::new(Dtype::I8, vec![rows, columns], &bytes).unwrap();
        let scale = TensorView::new(Dtype::F32, vec![rows, 1], &scales).unwrap();
        let file = safetensors::serialize([("m", matrix), ("m_scale", scale)], None).unwrap();
        let got = TensorFile::open(&file, "file").unwrap().take("m", &[rows, columns]).unwrap();
        for (i, value) in got.iter().enumerate() {
            let expected = f32::from(bytes[i].cast_signed()) * [0.5, 1.0, 2.0][i / columns];
            assert_eq!(*value, expected, "{i}");
        }
    }
}
