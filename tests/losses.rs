//! Losses against PyTorch's values and gradients, against finite differences, and, with weights, against a twin in f64.
#![cfg(feature = "cpu")]

mod common;
#[path = "common/model.rs"]
mod model;

use burn::tensor::{Device, Tensor, TensorData};
use nearmiss::encoder::{Encoder, Input, Tower};
use nearmiss::loss::{Batch, Contrastive, Distance, InfoNce, Loss, MarginMse, MarginRanking, Triplet};
use nearmiss::training::{
    HardNegative, Inputs, Layout, LossName, StepInputs, Texts, TrainOptions, Trainer, TrainingExample,
};
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
    #[serde(default)]
    teacher_positive: Vec<f32>,
    #[serde(default)]
    teacher_negative: Vec<Vec<f32>>,
    #[serde(default)]
    labels: Vec<f32>,
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

/// Rows of a batch, unless a test says otherwise.
const SIZE: usize = 6;
const NEGATIVES: usize = 3;
const DIM: usize = 8;

/// Flat inputs: query, positive, negative.
type Vectors = [Vec<f32>; 3];

/// Everything in a batch that is not a vector.
#[derive(Clone)]
struct Marks {
    /// One a row.
    weight: Vec<f32>,
    /// `[rows, NEGATIVES]`
    present: Vec<f32>,
    /// `[rows, columns]`
    excluded: Vec<f32>,
    /// `[rows, NEGATIVES]`, and 1 where it holds.
    teacher: Vec<f32>,
    taught: Vec<f32>,
}

impl Marks {
    /// Everything counts once, against everyone.
    fn plain() -> Self {
        Self {
            weight: vec![1.0; SIZE],
            present: vec![1.0; SIZE * NEGATIVES],
            excluded: vec![0.0; SIZE * columns(SIZE)],
            teacher: vec![0.0; SIZE * NEGATIVES],
            taught: vec![1.0; SIZE * NEGATIVES],
        }
    }
}

/// Documents of a batch.
fn columns(rows: usize) -> usize {
    rows + rows * NEGATIVES
}

/// Value and gradients of a loss.
fn run(loss: Loss, inputs: &Vectors, marks: &Marks) -> (f32, Vectors) {
    let rows = marks.weight.len();
    let device = Device::flex().autodiff();
    let leaf = |values: &[f32], rows: usize| {
        let data = TensorData::new(values.to_vec(), [rows, DIM]);
        Tensor::<2>::from_data(data, &device).require_grad()
    };
    let constant =
        |v: &[f32], shape: [usize; 2]| Tensor::from_data(TensorData::new(v.to_vec(), shape), &device);
    let [query, positive, negative] =
        [leaf(&inputs[0], rows), leaf(&inputs[1], rows), leaf(&inputs[2], rows * NEGATIVES)];
    let scored = loss.forward(Batch {
        query: query.clone(),
        positive: positive.clone(),
        weight: constant(&marks.weight, [rows, 1]),
        negative: negative.clone().reshape([rows, NEGATIVES, DIM]),
        present: constant(&marks.present, [rows, NEGATIVES]),
        excluded: constant(&marks.excluded, [rows, columns(rows)]),
        teacher: constant(&marks.teacher, [rows, NEGATIVES]),
        taught: constant(&marks.taught, [rows, NEGATIVES]),
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

fn reference() -> Option<(Reference, Vectors)> {
    let reference: Reference = serde_json::from_str(&common::shared("reference/losses.json")?).unwrap();
    let inputs =
        [reference.query.concat(), reference.positive.concat(), reference.negative.concat().concat()];
    Some((reference, inputs))
}

#[test]
fn values_and_gradients_equal_pytorch() {
    let Some((reference, inputs)) = reference() else { return };
    let all = Marks::plain();
    // In-batch only: every hard negative is excluded from every query.
    let excluded = (0..SIZE * columns(SIZE)).map(|i| f32::from(i % columns(SIZE) >= SIZE)).collect();
    let in_batch = Marks { present: vec![0.0; SIZE * NEGATIVES], excluded, ..Marks::plain() };
    let mut compared = 0;
    for case in &reference.cases {
        let Params { margin, scale } = case.params;
        let triplet = |distance| Loss::Triplet(Triplet { margin, distance });
        let taught = Marks {
            teacher: case.teacher_negative.iter().zip(&case.teacher_positive).flat_map(gaps).collect(),
            ..Marks::plain()
        };
        let (loss, marks) = match case.loss.as_str() {
            "margin_ranking" => (Loss::MarginRanking(MarginRanking { margin }), &all),
            "triplet_cosine" => (triplet(Distance::Cosine), &all),
            "triplet_euclidean" => (triplet(Distance::Euclidean), &all),
            "info_nce_hard" => (info_nce(scale, margin), &all),
            "info_nce_in_batch" | "info_nce_additive_margin" => (info_nce(scale, margin), &in_batch),
            "margin_mse" => (Loss::MarginMse(MarginMse), &taught),
            "contrastive" => {
                contrastive_equals(case, &inputs);
                compared += 1;
                continue;
            }
            other => panic!("no loss for the case {other}"),
        };
        let (value, [query, positive, negative]) = run(loss, &inputs, marks);
        let name = format!("{} {loss:?}", case.loss);
        close(&[value], &[case.value], &name);
        close(&query, &case.grad_query.concat(), &format!("{name}, query"));
        close(&positive, &case.grad_positive.concat(), &format!("{name}, positive"));
        close(&negative, &case.grad_negative.concat(), &format!("{name}, negative"));
        compared += 1;
    }
    assert_eq!(compared, reference.cases.len());
}

fn info_nce(scale: f32, margin: f32) -> Loss {
    Loss::InfoNce(InfoNce { scale, margin, false_negative_margin: None })
}

/// By how much the teacher prefers the positive to each negative.
fn gaps((negative, positive): (&Vec<f32>, &f32)) -> Vec<f32> {
    negative.iter().map(|score| positive - score).collect()
}

/// PyTorch's pairs are (query, positive) with labels: those with label 0 stand as the one negative of their row here.
fn contrastive_equals(case: &Case, inputs: &Vectors) {
    let device = Device::flex().autodiff();
    let data = |values: &[f32], width: usize| TensorData::new(values.to_vec(), [SIZE, width]);
    let leaf = |values: &[f32]| Tensor::<2>::from_data(data(values, DIM), &device).require_grad();
    let (query, positive) = (leaf(&inputs[0]), leaf(&inputs[1]));
    let length = |rows: Tensor<2>| rows.square().sum_dim(1).sqrt();
    let cosine =
        (query.clone() * positive.clone()).sum_dim(1) / (length(query.clone()) * length(positive.clone()));
    let label = |label: fn(&f32) -> f32| {
        Tensor::<2>::from_data(data(&case.labels.iter().map(label).collect::<Vec<_>>(), 1), &device)
    };
    let loss = Contrastive { margin: case.params.margin };
    let value = loss.forward(cosine.clone(), label(|y| *y), cosine, label(|y| 1.0 - y));
    let gradients = value.backward();
    close(&values(value.inner().reshape([1, 1])), &[case.value], "contrastive");
    close(&values(query.grad(&gradients).unwrap()), &case.grad_query.concat(), "contrastive, query");
    close(&values(positive.grad(&gradients).unwrap()), &case.grad_positive.concat(), "contrastive, positive");
}

/// Deterministic numbers without structure.
fn numbers(rows: usize) -> Vectors {
    let number = |i: usize| ((i * 7919 % 1013) as f32 / 1013.0) - 0.45;
    [
        (0..rows * DIM).map(number).collect(),
        (0..rows * DIM).map(|i| number(i + 500)).collect(),
        (0..rows * NEGATIVES * DIM).map(|i| number(i + 901)).collect(),
    ]
}

/// Rows that count 0.25 to 2, negatives that count 0 to 1, and documents that are excluded.
fn weighted() -> Marks {
    let present: Vec<f32> = (0..SIZE * NEGATIVES).map(|i| [1.0, 0.5, 0.1, 0.0][i % 4]).collect();
    let excluded = (0..SIZE * columns(SIZE))
        .map(|i| {
            let (row, column) = (i / columns(SIZE), i % columns(SIZE));
            let absent = column >= SIZE && present[column - SIZE] == 0.0;
            f32::from(absent || column == (row + 2) % SIZE)
        })
        .collect();
    let teacher = (0..SIZE * NEGATIVES).map(|i| (i % 5) as f32 / 5.0 - 0.3).collect();
    let taught = (0..SIZE * NEGATIVES).map(|i| f32::from(i % 7 != 3)).collect();
    Marks { weight: vec![1.0, 0.25, 2.0, 0.5, 1.0, 0.75], present, excluded, teacher, taught }
}

const LOSSES: [Loss; 8] = [
    Loss::MarginRanking(MarginRanking { margin: 0.5 }),
    Loss::InfoNce(InfoNce { scale: 5.0, margin: 0.0, false_negative_margin: None }),
    Loss::InfoNce(InfoNce { scale: 5.0, margin: 0.2, false_negative_margin: None }),
    Loss::InfoNce(InfoNce { scale: 5.0, margin: 0.1, false_negative_margin: Some(0.12) }),
    Loss::Triplet(Triplet { margin: 0.5, distance: Distance::Cosine }),
    Loss::Triplet(Triplet { margin: 0.5, distance: Distance::Euclidean }),
    Loss::MarginMse(MarginMse),
    Loss::Contrastive(Contrastive { margin: 0.8 }),
];

#[test]
fn gradients_are_those_of_finite_differences() {
    let inputs = numbers(SIZE);
    let unweighted = {
        let present = weighted().present.iter().map(|&v| v.ceil()).collect();
        Marks { weight: vec![1.0; SIZE], present, ..weighted() }
    };
    for (loss, marks) in LOSSES.into_iter().flat_map(|loss| [(loss, weighted()), (loss, unweighted.clone())])
    {
        let (_, gradients) = run(loss, &inputs, &marks);
        for side in 0..3 {
            for at in (0..inputs[side].len()).step_by(7) {
                let moved = |by: f32| {
                    let mut inputs = inputs.clone();
                    inputs[side][at] += by;
                    run(loss, &inputs, &marks).0
                };
                let step = 5e-3;
                let slope = (moved(step) - moved(-step)) / (2.0 * step);
                let got = gradients[side][at];
                assert!((slope - got).abs() < 5e-3, "{loss:?} side {side} at {at}: {got}, slope {slope}");
            }
        }
    }
}

/// The formulas of the losses, term by term.
fn twin(loss: Loss, inputs: &Vectors, marks: &Marks) -> f64 {
    let rows = marks.weight.len();
    let row = |side: usize, i: usize| -> Vec<f64> {
        inputs[side][i * DIM..(i + 1) * DIM].iter().map(|&x| f64::from(x)).collect()
    };
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    let cosine = |a: Vec<f64>, b: Vec<f64>| dot(&a, &b) / (dot(&a, &a) * dot(&b, &b)).sqrt();
    // Column of the batch to its document: positives, then each row's negatives.
    let document = |c: usize| if c < rows { row(1, c) } else { row(2, c - rows) };
    let (mut sum, mut total) = (0.0, 0.0);
    for i in 0..rows {
        let w = f64::from(marks.weight[i]);
        let positive = cosine(row(0, i), row(1, i));
        let own = |c: usize| c >= rows && (c - rows) / NEGATIVES == i;
        match loss {
            Loss::MarginRanking(MarginRanking { margin }) => {
                for c in (rows..columns(rows)).filter(|&c| own(c)) {
                    let v = f64::from(marks.present[c - rows]);
                    sum += w * v * (f64::from(margin) - positive + cosine(row(0, i), document(c))).max(0.0);
                    total += w * v;
                }
            }
            Loss::Triplet(Triplet { margin, distance }) => {
                let between = |a: Vec<f64>, b: Vec<f64>| match distance {
                    Distance::Cosine => 1.0 - cosine(a, b),
                    Distance::Euclidean => a.iter().zip(&b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt(),
                };
                for c in (rows..columns(rows)).filter(|&c| own(c)) {
                    let v = f64::from(marks.present[c - rows]);
                    let gap = between(row(0, i), row(1, i)) - between(row(0, i), document(c));
                    sum += w * v * (f64::from(margin) + gap).max(0.0);
                    total += w * v;
                }
            }
            Loss::MarginMse(MarginMse) => {
                for c in (rows..columns(rows)).filter(|&c| own(c)) {
                    let v = f64::from(marks.present[c - rows]) * f64::from(marks.taught[c - rows]);
                    let gap = dot(&row(0, i), &row(1, i)) - dot(&row(0, i), &document(c));
                    sum += w * v * (gap - f64::from(marks.teacher[c - rows])).powi(2);
                    total += w * v;
                }
            }
            Loss::Contrastive(Contrastive { margin }) => {
                sum += w * (1.0 - positive).powi(2) / 2.0;
                total += w;
                for c in (rows..columns(rows)).filter(|&c| own(c)) {
                    let v = f64::from(marks.present[c - rows]);
                    let apart = 1.0 - cosine(row(0, i), document(c));
                    sum += w * v * (f64::from(margin) - apart).max(0.0).powi(2) / 2.0;
                    total += w * v;
                }
            }
            Loss::InfoNce(InfoNce { scale, margin, false_negative_margin }) => {
                let mut partition = 0.0;
                let scale = f64::from(scale);
                let wanted = scale * (positive - f64::from(margin));
                for c in (0..columns(rows)).filter(|c| marks.excluded[i * columns(rows) + c] == 0.0) {
                    let v = if own(c) { f64::from(marks.present[c - rows]) } else { 1.0 };
                    let score = cosine(row(0, i), document(c));
                    let most = positive + false_negative_margin.map_or(9.0, f64::from);
                    if c == i {
                        partition += wanted.exp();
                    } else if own(c) || score <= most {
                        partition += v * (scale * score).exp();
                    }
                }
                sum += w * (partition.ln() - wanted);
                total += w;
            }
        }
    }
    sum / total
}

#[test]
fn weighted_losses_equal_their_formulas() {
    let inputs = numbers(SIZE);
    // Nothing excluded either: a row's own negative of weight 0 is out for that row alone.
    let alone = Marks { excluded: Marks::plain().excluded, ..weighted() };
    for (loss, marks) in
        LOSSES.into_iter().flat_map(|loss| [weighted(), alone.clone(), Marks::plain()].map(|m| (loss, m)))
    {
        let (value, _) = run(loss, &inputs, &marks);
        let expected = twin(loss, &inputs, &marks);
        assert!((f64::from(value) - expected).abs() < 1e-5, "{loss:?}: {value} instead of {expected}");
    }
    let heavy = LOSSES.map(|loss| run(loss, &inputs, &weighted()).0);
    let plain = LOSSES.map(|loss| run(loss, &inputs, &Marks::plain()).0);
    assert!(heavy.iter().zip(&plain).all(|(a, b)| (a - b).abs() > 1e-3), "weights show: {heavy:?} {plain:?}");
    assert!(
        (plain[2] - plain[3]).abs() > 1e-3 && (plain[1] - plain[2]).abs() > 1e-3,
        "so do margins and mask"
    );
}

#[test]
fn a_row_of_weight_two_is_that_row_twice() {
    let inputs = numbers(SIZE);
    let mut twice = inputs.clone();
    for (side, length) in [(0, DIM), (1, DIM), (2, NEGATIVES * DIM)] {
        let row = inputs[side][2 * length..3 * length].to_vec();
        twice[side].extend(row);
    }
    let heavy = Marks { weight: vec![1.0, 1.0, 2.0, 1.0, 1.0, 1.0], ..Marks::plain() };
    let rows = SIZE + 1;
    let copied = Marks {
        weight: vec![1.0; rows],
        present: vec![1.0; rows * NEGATIVES],
        excluded: vec![0.0; rows * columns(rows)],
        teacher: vec![0.0; rows * NEGATIVES],
        taught: vec![1.0; rows * NEGATIVES],
    };
    let margin = Loss::MarginRanking(MarginRanking { margin: 0.5 });
    let (value, gradients) = run(margin, &inputs, &heavy);
    let (expected, halves) = run(margin, &twice, &copied);
    close(&[value], &[expected], "value");
    for (side, length) in [(0, DIM), (1, DIM), (2, NEGATIVES * DIM)] {
        let mut summed = halves[side][..SIZE * length].to_vec();
        let copy = &halves[side][SIZE * length..];
        summed[2 * length..3 * length].iter_mut().zip(copy).for_each(|(sum, x)| *sum += x);
        close(&gradients[side], &summed, "gradients");
    }
}

#[test]
fn weights_of_nothing_cost_nothing() {
    for loss in LOSSES {
        let marks = Marks { weight: vec![0.0; SIZE], present: vec![0.0; SIZE * NEGATIVES], ..Marks::plain() };
        let (value, gradients) = run(loss, &numbers(SIZE), &marks);
        assert_eq!(value, 0.0, "{loss:?}");
        assert!(gradients.concat().iter().all(|g| *g == 0.0), "{loss:?}");
    }
}

fn weighing((document, weight): (usize, f32)) -> HardNegative {
    HardNegative { weight, gap: Some(weight / 2.0), ..HardNegative::new(document) }
}

#[test]
fn a_layout_carries_weights() {
    let example = |query, weight, negatives: &[(usize, f32)]| TrainingExample {
        query,
        positive: 10 + query,
        weight,
        negatives: negatives.iter().copied().map(weighing).collect(),
    };
    // A mined negative of weight 0 or below is a filler, and so is the answer itself.
    let a = example(0, 0.5, &[(20, 0.25), (21, 0.0)]);
    let b = example(1, 1.0, &[(11, 1.0), (22, -1.0)]);
    let layout = Layout::new(&[&a, &b], 2, |row, document| document == 10 + row);
    assert_eq!(layout.weights, [0.5, 1.0]);
    assert_eq!(layout.documents, [10, 11, 20, 10, 11, 11]);
    assert_eq!(layout.present, [0.25, 0.0, 0.0, 0.0]);
    assert_eq!((layout.teacher[0], layout.taught.as_slice()), (0.125, &[1.0, 0.0, 0.0, 0.0][..]));
    assert_eq!(layout.excluded, [[0.0, 0.0, 0.0, 1.0, 1.0, 1.0]; 2].concat(), "fillers count against nobody");
}

#[test]
fn a_step_minimises_the_weighted_loss() {
    let encoder = pollster::block_on(Encoder::load(model::tiny().borrow(), None)).unwrap();
    let example = |query, weight, negatives: [(usize, f32); NEGATIVES]| TrainingExample {
        query,
        positive: query,
        weight,
        negatives: negatives.map(weighing).to_vec(),
    };
    let a = example(0, 1.0, [(2, 0.5), (3, 1.0), (4, 0.25)]);
    let b = example(1, 0.25, [(5, 1.0), (6, 0.5), (7, 1.0)]);
    let layout = Layout::new(&[&a, &b], NEGATIVES, |row, document| document == row);
    // A head starts as the identity, so that the loss is the one of the rows themselves. Only DIM of their columns are used.
    let inputs = numbers(2);
    let wide = |rows: &[f32]| -> Vec<f32> {
        let pad = encoder.dimensions() - DIM;
        rows.chunks_exact(DIM).flat_map(|row| [row.to_vec(), vec![0.0; pad]].concat()).collect()
    };
    let rows = || StepInputs {
        queries: Inputs::Rows(wide(&inputs[0])),
        documents: Inputs::Rows(wide(&[inputs[1].clone(), inputs[2].clone()].concat())),
    };
    let marks = Marks {
        weight: layout.weights.clone(),
        present: layout.present.clone(),
        excluded: layout.excluded.clone(),
        teacher: layout.teacher.clone(),
        taught: layout.taught.clone(),
    };
    // MarginMSE counts lengths, and a head makes vectors of length 1.
    for loss in [LossName::Margin, LossName::InfoNce, LossName::Triplet, LossName::Contrastive] {
        let options = TrainOptions { loss, margin: 0.5, scale: 5.0, ..TrainOptions::default() };
        let mut trainer = Trainer::new(&encoder, &options, 2, 0);
        let batch = [(layout.clone(), rows())];
        let first = pollster::block_on(trainer.step(&encoder, &batch)).unwrap();
        let expected = twin(options.loss(), &inputs, &marks);
        assert!((f64::from(first.loss) - expected).abs() < 1e-5, "{loss:?}: {} for {expected}", first.loss);
        let second = pollster::block_on(trainer.step(&encoder, &batch)).unwrap();
        assert!(second.loss < first.loss, "{loss:?}");
    }
}

#[test]
fn a_step_refuses_inputs_of_the_other_kind() {
    let encoder = pollster::block_on(Encoder::load(model::tiny().borrow(), None)).unwrap();
    let example = TrainingExample { query: 0, positive: 0, weight: 1.0, negatives: vec![] };
    let layout = Layout::new(&[&example], 1, |_, _| false);
    let mut trainer = Trainer::new(&encoder, &TrainOptions::default(), 1, 0);
    assert!(!trainer.wants_texts(Tower::Query));
    let input =
        |rows| Inputs::Texts(Texts { distinct: vec![Input::Tokens(vec![2, 3])], rows: vec![0; rows] });
    let inputs = StepInputs { queries: input(1), documents: input(2) };
    let error = pollster::block_on(trainer.step(&encoder, &[(layout, inputs)])).unwrap_err();
    assert_eq!(error.code(), "INTERNAL", "{error}");
}
