//! Losses against PyTorch's values and gradients, and against finite differences.
#![cfg(feature = "cpu")]

mod common;

use burn::tensor::{Device, Tensor, TensorData};
use nearmiss::loss::{Batch, InfoNce, Loss, MarginRanking};
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    query: Vec<Vec<f32>>,
    positive: Vec<Vec<f32>>,
    negative: Vec<Vec<Vec<f32>>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    loss: String,
    params: Params,
    value: f32,
    grad_query: Vec<Vec<f32>>,
    grad_positive: Vec<Vec<f32>>,
    grad_negative: Vec<Vec<f32>>,
}

#[derive(Deserialize)]
struct Params {
    #[serde(default)]
    margin: f32,
    #[serde(default)]
    scale: f32,
}

const SIZE: usize = 6;
const NEGATIVES: usize = 3;
const DIM: usize = 8;

/// Flat inputs: query, positive, negative.
type Inputs = [Vec<f32>; 3];

/// Value and gradients of a loss; `present` says which negatives there are.
fn run(loss: Loss, inputs: &Inputs, present: &[f32], excluded: &[f32]) -> (f32, Inputs) {
    let device = Device::flex().autodiff();
    let leaf = |values: &[f32], rows: usize| {
        let data = TensorData::new(values.to_vec(), [rows, DIM]);
        Tensor::<2>::from_data(data, &device).require_grad()
    };
    let constant =
        |v: &[f32], shape: [usize; 2]| Tensor::from_data(TensorData::new(v.to_vec(), shape), &device);
    let [query, positive, negative] =
        [leaf(&inputs[0], SIZE), leaf(&inputs[1], SIZE), leaf(&inputs[2], SIZE * NEGATIVES)];
    let scored = loss.forward(Batch {
        query: query.clone(),
        positive: positive.clone(),
        negative: negative.clone().reshape([SIZE, NEGATIVES, DIM]),
        present: constant(present, [SIZE, NEGATIVES]),
        excluded: constant(excluded, [SIZE, SIZE + SIZE * NEGATIVES]),
    });
    let gradients = scored.loss.backward();
    let grad = |t: &Tensor<2>| match t.grad(&gradients) {
        Some(g) => values(g),
        None => vec![0.0; t.dims()[0] * DIM],
    };
    let value = values(scored.loss.clone().inner().reshape([1, 1]))[0];
    (value, [grad(&query), grad(&positive), grad(&negative)])
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    let [values] = pollster::block_on(nearmiss::encoder::read([tensor])).unwrap();
    values
}

fn close(got: &[f32], expected: &[f32], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(1e-3_f32, |m, v| m.max(v.abs()));
    for (g, e) in got.iter().zip(expected) {
        assert!((g - e).abs() <= 1e-5 * largest.max(1.0), "{what}: {g} instead of {e}");
    }
}

fn reference() -> Option<(Reference, Inputs)> {
    let reference: Reference = serde_json::from_str(&common::shared("reference/losses.json")?).unwrap();
    let inputs =
        [reference.query.concat(), reference.positive.concat(), reference.negative.concat().concat()];
    Some((reference, inputs))
}

#[test]
fn values_and_gradients_equal_pytorch() {
    let Some((reference, inputs)) = reference() else { return };
    let (all, no_hard) = (vec![1.0; SIZE * NEGATIVES], vec![0.0; SIZE * NEGATIVES]);
    let none_excluded = vec![0.0; SIZE * (SIZE + SIZE * NEGATIVES)];
    // In-batch only: every hard negative is excluded from every query.
    let hard_excluded: Vec<f32> = (0..SIZE)
        .flat_map(|_| (0..SIZE + SIZE * NEGATIVES).map(|c| if c < SIZE { 0.0 } else { 1.0 }))
        .collect();
    let mut compared = 0;
    for case in &reference.cases {
        let (loss, present, excluded) = match case.loss.as_str() {
            "margin_ranking" | "triplet_cosine" => {
                (Loss::MarginRanking(MarginRanking { margin: case.params.margin }), &all, &none_excluded)
            }
            "info_nce_hard" => (Loss::InfoNce(InfoNce { scale: case.params.scale }), &all, &none_excluded),
            "info_nce_in_batch" => {
                (Loss::InfoNce(InfoNce { scale: case.params.scale }), &no_hard, &hard_excluded)
            }
            _ => continue,
        };
        let (value, [query, positive, negative]) = run(loss, &inputs, present, excluded);
        let name = format!("{} {loss:?}", case.loss);
        close(&[value], &[case.value], &name);
        close(&query, &case.grad_query.concat(), &format!("{name}, query"));
        close(&positive, &case.grad_positive.concat(), &format!("{name}, positive"));
        close(&negative, &case.grad_negative.concat(), &format!("{name}, negative"));
        compared += 1;
    }
    assert_eq!(compared, 10, "cases of the losses that exist");
}

#[test]
fn gradients_are_those_of_finite_differences() {
    // Deterministic numbers without structure.
    let number = |i: usize| ((i * 7919 % 1013) as f32 / 1013.0) - 0.45;
    let inputs: Inputs = [
        (0..SIZE * DIM).map(number).collect(),
        (0..SIZE * DIM).map(|i| number(i + 500)).collect(),
        (0..SIZE * NEGATIVES * DIM).map(|i| number(i + 901)).collect(),
    ];
    let present: Vec<f32> = (0..SIZE * NEGATIVES).map(|i| if i % 4 == 3 { 0.0 } else { 1.0 }).collect();
    let columns = SIZE + SIZE * NEGATIVES;
    let excluded: Vec<f32> = (0..SIZE * columns)
        .map(|i| {
            let (row, column) = (i / columns, i % columns);
            let absent = column >= SIZE && present[column - SIZE] == 0.0;
            f32::from(absent || column == (row + 2) % SIZE)
        })
        .collect();
    for loss in [Loss::MarginRanking(MarginRanking { margin: 0.5 }), Loss::InfoNce(InfoNce { scale: 5.0 })] {
        let (_, gradients) = run(loss, &inputs, &present, &excluded);
        for side in 0..3 {
            for at in (0..inputs[side].len()).step_by(7) {
                let moved = |by: f32| {
                    let mut inputs = inputs.clone();
                    inputs[side][at] += by;
                    run(loss, &inputs, &present, &excluded).0
                };
                let step = 5e-3;
                let slope = (moved(step) - moved(-step)) / (2.0 * step);
                let got = gradients[side][at];
                assert!((slope - got).abs() < 5e-3, "{loss:?} side {side} at {at}: {got}, slope {slope}");
            }
        }
    }
}
