//! What trains, and by which gradient: parts against the whole, our updates against burn's and against plain arithmetic.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;

use burn::module::{Lora as BurnLora, Module, ParamGroup};
use burn::optim::{AdamWConfig as BurnAdamW, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use model::tiny;
use nearmiss::encoder::{Bert, Encoder, Head, Input, Lora, LoraOptions, Target, Tower, Towers, read};
use nearmiss::training::{
    AdamW, AdamWConfig, HardNegative, Inputs, Layout, LossName, StepInputs, StepReport, Texts, TrainOptions,
    Trainable, Trainer, TrainingExample,
};

fn encoder() -> Encoder {
    pollster::block_on(Encoder::load(tiny().borrow(), None)).unwrap()
}

fn texts() -> (Vec<String>, Vec<String>) {
    let words = ["key", "valve", "mast", "door", "ring", "team", "note", "pay"];
    let query = |word: &&str| format!("turn a {word}");
    let document =
        |(at, word): (usize, &&str)| format!("the {word} is turned {}", "again and ".repeat(at % 4));
    let documents = words.iter().enumerate().map(document);
    (words.iter().map(query).collect(), documents.collect())
}

/// Also those that others repeat.
fn each_its_own(distinct: Vec<Input>) -> Inputs {
    let rows = (0..distinct.len()).collect();
    Inputs::Texts(Texts { distinct, rows })
}

/// A batch of 8 queries with a negative each, as the trainer wants it.
fn batch(encoder: &Encoder, trainer: &Trainer, rows: std::ops::Range<usize>) -> (Layout, StepInputs) {
    let (queries, documents) = texts();
    let example = |at: usize| TrainingExample {
        query: at,
        positive: at,
        weight: 1.0 + at as f32 / 10.0,
        negatives: vec![HardNegative { gap: Some(0.1), ..HardNegative::new((at + 3) % 8) }],
    };
    let examples: Vec<TrainingExample> = rows.map(example).collect();
    let layout = Layout::new(&examples.iter().collect::<Vec<_>>(), 1, |row, document| {
        examples[row].positive == document
    });
    let side = |texts: Vec<&str>, tower| -> Inputs {
        if !trainer.wants_texts(tower) {
            return Inputs::Rows(pollster::block_on(encoder.encode(&texts, tower)).unwrap().into_vec());
        }
        let ids = encoder.tokenize(&texts).unwrap();
        if trainer.layer() == 0 {
            return each_its_own(ids.into_iter().map(Input::Tokens).collect());
        }
        let states = pollster::block_on(encoder.states(&ids, trainer.layer(), tower)).unwrap();
        each_its_own(states.into_iter().map(Input::States).collect())
    };
    let named = |numbers: &[usize], all: &[String]| -> Vec<String> {
        numbers.iter().map(|&at| all[at].clone()).collect()
    };
    let (own, found) = (named(&layout.queries, &queries), named(&layout.documents, &documents));
    let queries = side(own.iter().map(String::as_str).collect(), Tower::Query);
    let documents = side(found.iter().map(String::as_str).collect(), Tower::Document);
    (layout, StepInputs { queries, documents })
}

fn step(trainer: &mut Trainer, encoder: &Encoder, batches: &[(Layout, StepInputs)]) -> StepReport {
    pollster::block_on(trainer.step(encoder, batches)).unwrap()
}

fn numbers(tensor: &Tensor<1>) -> Vec<f32> {
    let [values] = pollster::block_on(read([tensor.clone()])).unwrap();
    values
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

fn rungs() -> [Trainable; 3] {
    [Trainable::Lora, Trainable::Layers(1), Trainable::Full]
}

#[test]
fn parts_give_the_gradient_of_the_whole() {
    let encoder = encoder();
    for trainable in rungs() {
        for towers in [Towers::Shared, Towers::Query] {
            for dropout in [0.0, 0.2] {
                let at_once = TrainOptions {
                    trainable,
                    towers,
                    dropout,
                    learning_rate: Some(1e-3),
                    ..Default::default()
                };
                // So little that every text goes alone.
                let in_parts = TrainOptions { memory_budget: 1, ..at_once.clone() };
                if dropout > 0.0 && trainable != Trainable::Lora {
                    // Layers leave out something else in each part: there are other parts.
                    continue;
                }
                let run = |options: &TrainOptions| {
                    let mut trainer = Trainer::new(&encoder, options, 4, 7);
                    let inputs = [batch(&encoder, &trainer, 0..8)];
                    let first = step(&mut trainer, &encoder, &inputs);
                    // A tenth of the gradient, clipped to length 1.
                    let (name, moment) = &trainer.tensors()[1];
                    assert_eq!(*name, "first");
                    let moment = numbers(moment);
                    let rest = (0..2).map(|_| step(&mut trainer, &encoder, &inputs).loss).collect::<Vec<_>>();
                    (first, moment, rest)
                };
                let ((whole, gradient, rest), (parts, other, other_rest)) = (run(&at_once), run(&in_parts));
                let what = format!("{trainable:?} {towers:?} {dropout}: {whole:?} {parts:?}");
                assert!((whole.loss - parts.loss).abs() <= 1e-5 * whole.loss, "{what}");
                assert!((whole.grad_norm - parts.grad_norm).abs() <= 1e-5 * whole.grad_norm, "{what}");
                assert!(largest_difference(&gradient, &other) < 1e-6, "{what}");
                assert!(largest_difference(&rest, &other_rest) < 1e-3, "{what}");
            }
        }
    }
}

/// The same batch with each text once.
fn shared(inputs: StepInputs, numbers: &[usize]) -> StepInputs {
    let Inputs::Texts(Texts { distinct, .. }) = inputs.documents else { return inputs };
    let mut known: Vec<usize> = numbers.to_vec();
    known.sort_unstable();
    known.dedup();
    let first = |number: &usize| numbers.iter().position(|other| other == number).unwrap();
    let distinct = known.iter().map(|number| distinct[first(number)].clone()).collect();
    let rows = numbers.iter().map(|number| known.binary_search(number).unwrap()).collect();
    StepInputs { queries: inputs.queries, documents: Inputs::Texts(Texts { distinct, rows }) }
}

#[test]
fn a_text_that_several_rows_share_counts_for_each() {
    let encoder = encoder();
    for trainable in rungs() {
        for memory_budget in [1, u64::MAX] {
            let options =
                TrainOptions { trainable, memory_budget, learning_rate: Some(1e-3), ..Default::default() };
            let run = |share: bool| {
                let mut trainer = Trainer::new(&encoder, &options, 4, 7);
                let (layout, inputs) = batch(&encoder, &trainer, 0..8);
                assert_eq!(layout.documents.len(), 16, "8 documents, each a positive and a negative");
                let inputs = if share { shared(inputs, &layout.documents) } else { inputs };
                let report = step(&mut trainer, &encoder, &[(layout, inputs)]);
                (report, numbers(&trainer.tensors()[1].1))
            };
            let ((once, gradient), (each, other)) = (run(true), run(false));
            let what = format!("{trainable:?} {memory_budget}: {once:?} {each:?}");
            assert!((once.loss - each.loss).abs() <= 1e-5 * each.loss, "{what}");
            assert!(largest_difference(&gradient, &other) < 1e-6, "{what}");
        }
    }
}

#[test]
fn accumulated_batches_give_the_mean_gradient() {
    let encoder = encoder();
    // Without other documents of the batch in it, the loss of a batch is the mean over its rows; all weights alike.
    for trainable in [Trainable::Head, Trainable::Full] {
        let options = TrainOptions { trainable, loss: LossName::Margin, margin: 1.0, ..Default::default() };
        let mut whole = Trainer::new(&encoder, &options, 4, 0);
        let mut halves = Trainer::new(&encoder, &options, 4, 0);
        let even = |(mut layout, inputs): (Layout, StepInputs)| {
            layout.weights.fill(1.0);
            (layout, inputs)
        };
        let all = [even(batch(&encoder, &whole, 0..8))];
        let two = [even(batch(&encoder, &halves, 0..4)), even(batch(&encoder, &halves, 4..8))];
        let (a, b) = (step(&mut whole, &encoder, &all), step(&mut halves, &encoder, &two));
        assert!((a.grad_norm - b.grad_norm).abs() <= 1e-5 * a.grad_norm, "{a:?} {b:?}");
        assert!((a.loss - b.loss).abs() <= 1e-6, "{a:?} {b:?}");
        assert!(largest_difference(&numbers(whole.weights()), &numbers(halves.weights())) < 1e-5);
    }
}

#[test]
fn every_loss_gives_a_gradient_on_every_rung() {
    let encoder = encoder();
    let losses =
        [LossName::InfoNce, LossName::Margin, LossName::Triplet, LossName::MarginMse, LossName::Contrastive];
    for trainable in [Trainable::Head, Trainable::Lora, Trainable::Layers(1), Trainable::Full] {
        for loss in losses {
            let options = TrainOptions {
                trainable,
                loss,
                margin: 1.0,
                learning_rate: Some(1e-2),
                ..Default::default()
            };
            let mut trainer = Trainer::new(&encoder, &options, 30, 0);
            let inputs = [batch(&encoder, &trainer, 0..8)];
            let reports: Vec<StepReport> = (0..30).map(|_| step(&mut trainer, &encoder, &inputs)).collect();
            assert!(reports[0].grad_norm > 0.0, "{trainable:?} {loss:?}");
            assert!(
                reports[29].loss < reports[0].loss,
                "{trainable:?} {loss:?}: {:?}",
                (reports[0], reports[29])
            );
        }
    }
}

#[test]
fn what_lies_below_is_kept_without_changing_a_gradient() {
    let encoder = encoder();
    let (queries, _) = texts();
    let ids = encoder.tokenize(&queries).unwrap();
    let states = pollster::block_on(encoder.states(&ids, 1, Tower::Query)).unwrap();
    let kept: Vec<Input> = states.into_iter().map(Input::States).collect();
    let whole: Vec<Input> = ids.into_iter().map(Input::Tokens).collect();
    let forward = |inputs: &[Input], layer| {
        let inputs: Vec<&Input> = inputs.iter().collect();
        encoder.forward_from(encoder.bert(), &inputs, layer, 0.0, encoder.device())
    };
    let [kept, whole] = pollster::block_on(read([forward(&kept, 1), forward(&whole, 0)])).unwrap();
    // Half precision keeps three decimals.
    assert!(largest_difference(&kept, &whole) < 1e-3);
    assert_ne!(kept, whole, "they went another way");
}

#[test]
fn updates_are_those_of_burn() {
    let device = Device::flex();
    let values = |seed: u32| -> Vec<f32> {
        (0..64).map(|at| ((at * 37 + seed * 11) % 101) as f32 / 50.0 - 1.0).collect()
    };
    let matrix = |seed| Tensor::<2>::from_data(TensorData::new(values(seed), [8, 8]), &device);
    let mut head = Head::from_values(values(1), 8, &device).train();
    let mut theirs = BurnAdamW::new().with_epsilon(1e-8).with_weight_decay(0.01).init();
    let mut weights = matrix(1).reshape([64]);
    let start = weights.clone();
    let config = AdamWConfig { weight_decay: 0.01, anchor: 0.0, max_norm: None };
    let mut ours = AdamW::new(&weights, config);
    for at in 0..5 {
        let loss = (head.weight.val() * matrix(at + 2).autodiff()).sum();
        let gradients = GradientsParams::from_grads(loss.backward(), &head);
        head = theirs.step(1e-2, head, gradients);
        (weights, _) = ours.step(weights, &start, matrix(at + 2).reshape([64]), 1e-2);
        let theirs = numbers(&head.weight.val().inner().reshape([64]));
        assert!(largest_difference(&theirs, &numbers(&weights)) < 1e-6, "step {at}");
    }
}

#[test]
fn gradients_are_clipped_by_their_common_norm_and_pulled_to_the_start() {
    let device = Device::flex();
    let tensor = |values: [f32; 2]| Tensor::<1>::from_data(TensorData::new(values.to_vec(), [2]), &device);
    let step = |config: AdamWConfig, gradient: [f32; 2], from: [f32; 2], start: [f32; 2]| {
        let mut adam = AdamW::new(&tensor(from), config);
        let (weights, norm) = adam.step(tensor(from), &tensor(start), tensor(gradient), 0.1);
        (numbers(&weights), numbers(&norm)[0], numbers(&adam.first))
    };
    let plain = AdamWConfig { weight_decay: 0.0, anchor: 0.0, max_norm: Some(1.0) };
    let (_, norm, first) = step(plain, [3.0, 4.0], [0.0; 2], [0.0; 2]);
    assert!((norm - 5.0).abs() < 1e-6);
    // (1 - beta 1) times the gradient scaled to length 1.
    assert!(largest_difference(&first, &[0.06, 0.08]) < 1e-6, "{first:?}");
    let (_, _, first) = step(plain, [0.3, 0.4], [0.0; 2], [0.0; 2]);
    assert!(largest_difference(&first, &[0.03, 0.04]) < 1e-6, "short ones stay as they are");
    let anchored = AdamWConfig { anchor: 0.5, max_norm: None, ..plain };
    let (weights, _, _) = step(anchored, [0.0; 2], [1.0, -1.0], [0.0, 1.0]);
    // p - rate * anchor * (p - start)
    assert!(largest_difference(&weights, &[0.95, -0.9]) < 1e-6, "{weights:?}");
}

#[test]
fn low_rank_updates_are_those_of_burn() {
    let encoder = encoder();
    let options =
        LoraOptions { rank: 4, alpha: 8.0, targets: vec![Target::Query, Target::Outer], layers: None };
    let mut lora = Lora::new(&options, encoder.config(), 3, encoder.device());
    // B starts at zero: give it numbers, so that there is something to compare.
    for factor in &mut lora.factors {
        factor.b = factor.b.clone().map(|b| b.clone() + b.random_like(burn::tensor::Distribution::Default));
    }
    let bert = encoder.bert().clone();
    let layers = 0..bert.layers.len();
    let paths = layers.flat_map(|at| ["query", "outer"].map(|map| format!("layers.{at}.{map}.weight")));
    let group = ParamGroup::from_paths(paths.collect::<Vec<_>>());
    let theirs = bert.clone().apply_lora(BurnLora::new(4, 8.0).set_param_group(group));
    let mut factors = lora.factors.clone().into_iter();
    let fill = |param: &mut burn::module::Param<Tensor<2>>, a: Tensor<2>, b: Tensor<2>| {
        // The effective value of burn's own composition, with our factors.
        let adapter = param.adapter().expect("an adapter where one was asked for").clone();
        let adapter = burn::module::LoraAdapter {
            a: burn::module::Param::from_tensor(a),
            b: burn::module::Param::from_tensor(b),
            ..adapter
        };
        param.base() + adapter.delta()
    };
    let merged = lora.merge(&bert, 0.0);
    let mut theirs = theirs;
    for (layer, ours) in theirs.layers.iter_mut().zip(&merged.layers) {
        for (theirs, ours) in [(&mut layer.query, &ours.query), (&mut layer.outer, &ours.outer)] {
            let factor = factors.next().unwrap();
            let expected = fill(&mut theirs.weight, factor.a.val(), factor.b.val());
            let [expected, got] = pollster::block_on(read([expected, ours.weight.val()])).unwrap();
            assert!(largest_difference(&expected, &got) < 1e-6);
        }
    }
    let untouched = |bert: &Bert| bert.layers[0].key.weight.val();
    let [before, after] = pollster::block_on(read([untouched(&bert), untouched(&merged)])).unwrap();
    assert_eq!(before, after);
}
