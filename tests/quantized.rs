//! Weights in eight bits: read as what they stand for, and refused where their scales do not fit.
#![cfg(feature = "cpu")]

mod common;
#[path = "common/model.rs"]
mod model;

use model::{Files, tiny};
use nearmiss::encoder::{Encoder, Tower};
use nearmiss::error::Error;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;

/// Type, shape and bytes of each tensor.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

const WORDS: &str = "embeddings.word_embeddings.weight";

fn tensors(bytes: &[u8]) -> Tensors {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let all = file.iter();
    all.map(|(name, v)| (name.to_owned(), (v.dtype(), v.shape().to_vec(), v.data().to_vec()))).collect()
}

fn file(tensors: &Tensors) -> Vec<u8> {
    let view =
        |(dtype, shape, bytes): &'_ (Dtype, Vec<usize>, Vec<u8>)| (*dtype, shape.clone(), bytes.clone());
    let owned: Vec<_> = tensors.iter().map(|(name, t)| (name.clone(), view(t))).collect();
    let views = owned.iter().map(|(n, (d, s, b))| (n.as_str(), TensorView::new(*d, s.clone(), b).unwrap()));
    safetensors::serialize(views, None).unwrap()
}

fn le(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Every matrix in eight bits with a scale a row, and beside it the same numbers in f32.
fn quantized(tensors: &Tensors) -> (Tensors, Tensors) {
    let (mut small, mut plain) = (tensors.clone(), tensors.clone());
    for (name, (_, shape, bytes)) in tensors {
        let &[rows, columns] = shape.as_slice() else { continue };
        let values: Vec<f32> =
            bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        let scale = |row: &[f32]| row.iter().fold(1e-8_f32, |most, v| most.max(v.abs())) / 127.0;
        let scales: Vec<f32> = values.chunks_exact(columns).map(scale).collect();
        let steps: Vec<i8> = values
            .chunks_exact(columns)
            .zip(&scales)
            .flat_map(|(row, scale)| row.iter().map(move |v| (v / scale).round() as i8))
            .collect();
        let back = steps.chunks_exact(columns).zip(&scales);
        let back = back.flat_map(|(row, scale)| row.iter().map(move |&v| f32::from(v) * scale));
        plain.insert(name.clone(), (Dtype::F32, shape.clone(), le(back)));
        small.insert(
            name.clone(),
            (Dtype::I8, shape.clone(), steps.iter().map(|v| v.cast_unsigned()).collect()),
        );
        small.insert(format!("{name}_scale"), (Dtype::F32, vec![rows, 1], le(scales)));
    }
    (small, plain)
}

fn load(weights: Vec<u8>) -> Result<Encoder, Error> {
    pollster::block_on(Encoder::load(Files { weights, ..tiny() }.borrow(), None))
}

#[test]
fn eight_bits_are_the_numbers_that_they_stand_for() {
    let original = tensors(&tiny().weights);
    let (small, plain) = quantized(&original);
    let texts = ["turn the key", "Where is the ring?"];
    let encode = |tensors: &Tensors| {
        let encoder = load(file(tensors)).unwrap();
        pollster::block_on(encoder.encode(&texts, Tower::Document)).unwrap()
    };
    let (expected, got) = (encode(&plain), encode(&small));
    assert!(expected.rows().eq(got.rows()), "the same numbers give the same embeddings, bit for bit");
    assert!(!encode(&original).rows().eq(got.rows()), "the fixture's numbers are not whole steps by chance");
    let size = |tensors: &Tensors| tensors.values().map(|(_, _, bytes)| bytes.len()).sum::<usize>();
    assert!(size(&small) * 2 < size(&plain));
}

#[test]
fn scales_that_do_not_fit_are_named() {
    let (good, _) = quantized(&tensors(&tiny().weights));
    let scale = format!("{WORDS}_scale");
    let refused = |edit: &dyn Fn(&mut Tensors), word: &str| {
        let mut tensors = good.clone();
        edit(&mut tensors);
        let error = load(file(&tensors)).err().unwrap_or_else(|| panic!("{word}: accepted"));
        assert_eq!(error.code(), "MODEL_INVALID", "{error}");
        assert!(error.to_string().contains(word), "{word} is not in: {error}");
    };
    let rows = good[WORDS].1[0];
    refused(&|t| drop(t.remove(&scale)), "weight_scale\" is missing");
    refused(
        &|t| drop(t.insert(scale.clone(), (Dtype::F32, vec![rows], le(vec![1.0; rows])))),
        "weight_scale",
    );
    refused(
        &|t| drop(t.insert(scale.clone(), (Dtype::F32, vec![rows, 1], le(vec![f32::NAN; rows])))),
        "not finite",
    );
    refused(&|t| drop(t.insert(scale.clone(), (Dtype::I8, vec![rows, 1], vec![1; rows]))), "weight_scale");
    let bias = "encoder.layer.0.intermediate.dense.bias";
    let wide = good[bias].1[0];
    refused(&|t| drop(t.insert(bias.into(), (Dtype::I8, vec![wide], vec![1; wide]))), "only a matrix");
}
