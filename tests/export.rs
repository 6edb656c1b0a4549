//! Folders for Python and back: what goes out comes in again, and nothing else does.
#![cfg(feature = "cpu")]

#[path = "common/folders.rs"]
mod folders;
#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use folders::{
    HIDDEN, adapter, at, borrow, close, edit, export, import, json_of, load, refused, rows, sizes, with_head,
};
use nearmiss::encoder::{
    Encoder, ExportedFile, LoraTensors, NamedTensor, Target, Tower, Towers, from_peft, to_peft,
};
use nearmiss::error::Error;
use nearmiss::training::{TrainOptions, Trainable};
use nearmiss::tuner::{FolderFormat, Job, Tuner};
use proptest::prelude::*;
use serde_json::{Value, json};

#[test]
fn a_head_goes_round_with_the_side_that_it_is_for() {
    for towers in [Towers::Shared, Towers::Query] {
        let mut tuned = load();
        with_head(&mut tuned, towers);
        let files = export(&tuned);
        let mut fresh = load();
        let untuned = rows(&fresh, Tower::Query);
        import(&mut fresh, &files).unwrap();
        assert_eq!(
            fresh.fingerprint(Tower::Document),
            load().fingerprint(Tower::Document),
            "the transformer is the original one"
        );
        assert!(close(&rows(&fresh, Tower::Query), &rows(&tuned, Tower::Query), 1e-6));
        assert!(!close(&rows(&fresh, Tower::Query), &untuned, 1e-3), "the head does something");
        assert_eq!(rows(&fresh, Tower::Document) == untuned, towers == Towers::Query);
        let readme = files.iter().find(|file| file.path == "README.md").unwrap();
        let readme = String::from_utf8(readme.bytes.clone()).unwrap();
        assert_eq!(readme.contains("query tower"), towers == Towers::Query);
    }
}

/// `x Mᵀ` by hand with the numbers of the file, as PyTorch's Linear computes it.
#[test]
fn the_dense_module_computes_what_the_head_does() {
    let mut encoder = load();
    let base = rows(&encoder, Tower::Query);
    with_head(&mut encoder, Towers::Shared);
    let files = export(&encoder);
    assert_eq!(
        json_of(&files, "2_Dense/config.json"),
        json!({
            "in_features": 32, "out_features": 32, "bias": false,
            "activation_function": "torch.nn.modules.linear.Identity",
        })
    );
    let file = files.iter().find(|file| file.path == "2_Dense/model.safetensors").unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&file.bytes).unwrap();
    let data = tensors.tensor("linear.weight").unwrap().data();
    let weight: Vec<f32> =
        data.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    let mut expected = Vec::new();
    for x in base.chunks(HIDDEN) {
        let row: Vec<f32> =
            weight.chunks(HIDDEN).map(|m| m.iter().zip(x).map(|(m, x)| m * x).sum()).collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        expected.extend(row.iter().map(|v| v / norm));
    }
    assert!(close(&rows(&encoder, Tower::Query), &expected, 1e-5));
}

#[test]
fn a_folder_says_what_python_needs() {
    let files = export(&load());
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "README.md",
            "config.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "model.safetensors",
            "modules.json",
            "1_Pooling/config.json",
            "sentence_bert_config.json",
            "config_sentence_transformers.json",
        ]
    );
    let modules = json_of(&files, "modules.json");
    let kinds: Vec<&str> = modules.as_array().unwrap().iter().map(|m| m["path"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["", "1_Pooling", "2_Normalize"]);
    assert_eq!(json_of(&files, "sentence_bert_config.json")["max_seq_length"], 64);
    let tokenizer = json_of(&files, "tokenizer_config.json");
    assert_eq!((&tokenizer["model_max_length"], &tokenizer["pad_token"]), (&json!(64), &json!("[PAD]")));
    // The tiny tokenizer defines no [MASK]; naming one would add it to the vocabulary.
    assert_eq!(tokenizer.get("mask_token"), None);
    assert_eq!(json_of(&files, "config.json")["torch_dtype"], "float32");
    // What was exported can be opened as a model of its own.
    let part = |path: &str| files.iter().find(|file| file.path == path).unwrap().bytes.clone();
    let opened = model::Files {
        config: part("config.json"),
        tokenizer: part("tokenizer.json"),
        weights: part("model.safetensors"),
        pooling: Some(part("1_Pooling/config.json")),
        sentence_bert: Some(part("sentence_bert_config.json")),
        modules: Some(part("modules.json")),
    };
    let opened = pollster::block_on(Encoder::load(opened.borrow(), None)).unwrap();
    assert_eq!(rows(&opened, Tower::Query), rows(&load(), Tower::Query));
}

#[test]
fn a_trained_transformer_goes_round_through_the_tuner() {
    let mut tuner = tuned::tuner();
    let options = TrainOptions {
        trainable: Trainable::Full,
        epochs: Some(2),
        learning_rate: Some(1e-3),
        ..TrainOptions::default()
    };
    let job = Job::train(&tuner, options).unwrap();
    tuned::run(&mut tuner, job).unwrap();
    tuner.keep().unwrap();
    let folder =
        |tuner: &Tuner| pollster::block_on(tuner.export_folder(FolderFormat::SentenceTransformers)).unwrap();
    let files = folder(&tuner);
    let mut fresh = tuned::empty();
    let before = rows(fresh.encoder(), Tower::Query);
    pollster::block_on(fresh.import_folder(&files)).unwrap();
    let (got, expected) = (rows(fresh.encoder(), Tower::Query), rows(tuner.encoder(), Tower::Query));
    assert!(got == expected && got != before);
    let tensors = |tuner: &Tuner| pollster::block_on(tuner.encoder().bert_tensors(Tower::Query)).unwrap();
    assert!(tensors(&fresh) == tensors(&tuner), "every number came back");
    fresh.rollback().unwrap();
    assert_eq!(rows(fresh.encoder(), Tower::Query), before);
    let nothing = pollster::block_on(fresh.export_folder(FolderFormat::Peft));
    assert!(matches!(nothing, Err(Error::InsufficientData { .. })));
}

/// One file, PEFT's folder and the merged model are the same tuning, on the sides that were trained.
#[test]
fn trained_low_rank_updates_go_out_and_come_back() {
    for towers in [Towers::Shared, Towers::Query] {
        let mut tuner = tuned::tuner();
        let options = TrainOptions {
            trainable: Trainable::Lora,
            towers,
            epochs: Some(3),
            learning_rate: Some(1e-2),
            ..TrainOptions::default()
        };
        let job = Job::train(&tuner, options).unwrap();
        tuned::run(&mut tuner, job).unwrap();
        tuner.keep().unwrap();
        let both = |tuner: &Tuner| [Tower::Query, Tower::Document].map(|tower| rows(tuner.encoder(), tower));
        let expected = both(&tuner);
        let file = pollster::block_on(tuner.export()).unwrap();
        let adapter = pollster::block_on(tuner.export_folder(FolderFormat::Peft)).unwrap();
        let whole = pollster::block_on(tuner.export_folder(FolderFormat::SentenceTransformers)).unwrap();
        assert!(file.len() < whole.iter().map(|file| file.bytes.len()).sum::<usize>() / 2);
        let imports: [&dyn Fn(&mut Tuner); 3] = [
            &|fresh| pollster::block_on(fresh.import(&file)).unwrap(),
            &|fresh| pollster::block_on(fresh.import_folder(&adapter)).unwrap(),
            &|fresh| pollster::block_on(fresh.import_folder(&whole)).unwrap(),
        ];
        for import in imports {
            let mut fresh = tuned::empty();
            let before = both(&fresh);
            import(&mut fresh);
            let got = both(&fresh);
            assert_ne!(got[0], before[0], "{towers:?}");
            assert_eq!(got[1] != before[1], towers == Towers::Shared);
            // The update is added once more, in the same order.
            assert!((0..2).all(|side| close(&got[side], &expected[side], 1e-6)), "{towers:?}");
            fresh.rollback().unwrap();
            assert_eq!(both(&fresh), before);
        }
        // What was imported as an adapter is still one.
        let mut fresh = tuned::empty();
        pollster::block_on(fresh.import_folder(&adapter)).unwrap();
        let again = pollster::block_on(fresh.export_folder(FolderFormat::Peft)).unwrap();
        assert_eq!(from_peft(&borrow(&again)).unwrap(), from_peft(&borrow(&adapter)).unwrap());
    }
}

#[test]
fn an_adapter_goes_round() {
    for (rank, targets, layers) in [
        (1, &[Target::Query, Target::Value][..], &[0, 1][..]),
        (3, &Target::ALL[..], &[1][..]),
        (4, &[Target::Output, Target::Outer][..], &[0][..]),
    ] {
        for towers in [Towers::Shared, Towers::Query] {
            let lora = LoraTensors { towers, ..adapter(rank, targets, layers) };
            assert_eq!(from_peft(&borrow(&to_peft(&lora).unwrap())).unwrap(), lora);
        }
    }
}

/// Adapters of all linear maps have one for the pooler, which nothing here uses.
#[test]
fn the_pooler_of_an_adapter_is_passed_over() {
    let lora = adapter(2, &[Target::Query, Target::Key], &[0]);
    let mut files = to_peft(&lora).unwrap();
    let bytes = &mut at(&mut files, "adapter_model.safetensors").bytes;
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let text = String::from_utf8(bytes[8..8 + header].to_vec()).unwrap();
    let renamed = text.replace("encoder.layer.0.attention.self.key", "pooler.dense");
    let renamed = format!("{renamed:header$}");
    bytes[8..8 + header].copy_from_slice(renamed.as_bytes());
    let expected = LoraTensors { factors: lora.factors[..1].to_vec(), ..lora };
    assert_eq!(from_peft(&borrow(&files)).unwrap(), expected);
}

/// Names and shapes as PEFT 0.21 wrote them for `target_modules=["query", "value"]`.
#[test]
fn an_adapter_has_the_names_of_peft() {
    let lora = LoraTensors { alpha: 16.0, ..adapter(4, &[Target::Query, Target::Outer], &[0]) };
    let files = to_peft(&lora).unwrap();
    let config = json_of(&files, "adapter_config.json");
    assert_eq!((&config["peft_type"], &config["task_type"]), (&json!("LORA"), &json!("FEATURE_EXTRACTION")));
    assert_eq!((&config["r"], &config["lora_alpha"]), (&json!(4), &json!(16)));
    assert_eq!(
        config["target_modules"],
        json!(["encoder.layer.0.attention.self.query", "encoder.layer.0.output.dense"])
    );
    let tensors = safetensors::SafeTensors::deserialize(&files[1].bytes).unwrap();
    let shape =
        |name: &str| tensors.tensor(&format!("base_model.model.encoder.layer.0.{name}.weight")).unwrap();
    assert_eq!(shape("attention.self.query.lora_A").shape(), [4, 32]);
    assert_eq!(shape("attention.self.query.lora_B").shape(), [32, 4]);
    assert_eq!(shape("output.dense.lora_A").shape(), [4, 64]);
    assert_eq!(shape("output.dense.lora_B").shape(), [32, 4]);
    // Row 1 of A in the file is column 1 of ours.
    let first = shape("attention.self.query.lora_A").data()[4 * HIDDEN..][..4].try_into().unwrap();
    assert_eq!(f32::from_le_bytes(first), lora.factors[0].a[1]);
}

#[test]
fn merging_is_the_naive_product() {
    let mut encoder = load();
    let lora = adapter(3, &Target::ALL, &[0, 1]);
    let before = pollster::block_on(encoder.bert_tensors(Tower::Query)).unwrap();
    import(&mut encoder, &to_peft(&lora).unwrap()).unwrap();
    let after = pollster::block_on(encoder.bert_tensors(Tower::Query)).unwrap();
    let named = |tensors: &[NamedTensor], name: &str| {
        tensors.iter().find(|tensor| tensor.name == name).unwrap().values.clone()
    };
    for factor in &lora.factors {
        let name = format!("{}.weight", factor.target.path(factor.layer));
        let (d_in, d_out) = sizes(factor.target);
        let (old, new) = (named(&before, &name), named(&after, &name));
        // PyTorch's order: [out, in].
        for o in 0..d_out {
            for i in 0..d_in {
                let sum: f32 = (0..3).map(|r| factor.a[i * 3 + r] * factor.b[r * d_out + o]).sum();
                let expected = old[o * d_in + i] + 6.0 / 3.0 * sum;
                assert!((new[o * d_in + i] - expected).abs() < 1e-5, "{name} [{o}, {i}]");
            }
        }
    }
    let untouched = |name: &&NamedTensor| name.name.contains("embeddings") || name.name.ends_with("bias");
    for tensor in before.iter().filter(untouched) {
        assert_eq!(tensor.values, named(&after, &tensor.name), "{}", tensor.name);
    }
}

#[test]
fn other_models_are_named() {
    let files = export(&load());
    let other =
        |files: &[ExportedFile], words: &[&str]| refused(import(&mut load(), files), "MODEL_MISMATCH", words);
    other(&edit(&files, "config.json", "num_hidden_layers", json!(1)), &["num_hidden_layers", " 1,", " 2"]);
    other(&edit(&files, "config.json", "num_attention_heads", json!(4)), &["num_attention_heads"]);
    other(&edit(&files, "config.json", "layer_norm_eps", json!(1e-5)), &["layer_norm_eps"]);
    let mut tokenizer = files.clone();
    let file = at(&mut tokenizer, "tokenizer.json");
    let text = String::from_utf8(file.bytes.clone()).unwrap();
    file.bytes = text.replace("\"lowercase\":true", "\"lowercase\":false").into_bytes();
    other(&tokenizer, &["tokenizer.json", "signing KEY"]);
    at(&mut tokenizer, "tokenizer.json").bytes = text.replace("\"valve\"", "\"vulve\"").into_bytes();
    other(&tokenizer, &["tokenizer.json", "vocabulary"]);
    let pooling = json!({ "embedding_dimension": 32, "pooling_mode": "cls" });
    let mut cls = files.clone();
    at(&mut cls, "1_Pooling/config.json").bytes = serde_json::to_vec(&pooling).unwrap();
    other(&cls, &["pooling", "Cls", "Mean"]);
    let adapter = |lora: LoraTensors, words: &[&str]| other(&to_peft(&lora).unwrap(), words);
    adapter(adapter_of_layer(2), &["layer", "is 2", "0 to 1"]);
    let mut wide = adapter_of_layer(0);
    wide.factors[0].a.extend([0.0; 3]);
    adapter(wide, &["encoder.layer.0.attention.self.query", "33 × 32", "32 × 32"]);
}

fn adapter_of_layer(layer: usize) -> LoraTensors {
    adapter(3, &[Target::Query], &[layer])
}

#[test]
fn what_cannot_be_read_names_its_file_and_field() {
    let mut tuned = load();
    with_head(&mut tuned, Towers::Shared);
    let files = export(&tuned);
    let invalid =
        |files: &[ExportedFile], words: &[&str]| refused(import(&mut load(), files), "MODEL_INVALID", words);
    let dense = |field: &str, value: Value| {
        invalid(&edit(&files, "2_Dense/config.json", field, value), &["2_Dense/config.json", field]);
    };
    dense("bias", json!(true));
    dense("out_features", json!(16));
    dense("in_features", json!(33));
    dense("activation_function", json!("torch.nn.modules.activation.Tanh"));
    dense("module_input_name", json!("token_embeddings"));
    invalid(&edit(&files, "config.json", "hidden_act", json!("relu")), &["config.json", "hidden_act"]);
    let prompt = edit(&files, "config_sentence_transformers.json", "default_prompt_name", json!("query"));
    invalid(&prompt, &["config_sentence_transformers.json", "default_prompt_name"]);
    let kind = "sentence_transformers.sentence_transformer.modules.LSTM";
    let mut lstm = json_of(&files, "modules.json");
    lstm[2]["type"] = json!(kind);
    let mut other = files.clone();
    at(&mut other, "modules.json").bytes = serde_json::to_vec(&lstm).unwrap();
    invalid(&other, &["modules.json", kind]);

    let renamed = |from: &str, to: &str| {
        let mut files = files.clone();
        at(&mut files, from).path = to.into();
        files
    };
    let sharded = renamed("model.safetensors", "model.safetensors.index.json");
    invalid(&sharded, &["model.safetensors", "max_shard_size"]);
    invalid(&renamed("model.safetensors", "pytorch_model.bin"), &["model.safetensors", "safe_serialization"]);
    let dense = renamed("2_Dense/model.safetensors", "2_Dense/pytorch_model.bin");
    invalid(&dense, &["2_Dense/model.safetensors", "safe_serialization"]);
    let mut cut = files.clone();
    at(&mut cut, "2_Dense/model.safetensors").bytes.truncate(300);
    invalid(&cut, &["2_Dense/model.safetensors"]);
    refused(import(&mut load(), &[]), "INPUT_INVALID", &["modules.json", "adapter_config.json"]);
}

#[test]
fn adapters_beyond_plain_lora_are_refused_by_the_field() {
    let files = to_peft(&adapter_of_layer(0)).unwrap();
    for (field, value) in [
        ("use_dora", json!(true)),
        ("use_rslora", json!(true)),
        ("rank_pattern", json!({ "query": 2 })),
        ("alpha_pattern", json!({ "query": 2 })),
        ("bias", json!("lora_only")),
        ("fan_in_fan_out", json!(true)),
        ("modules_to_save", json!(["pooler"])),
        ("peft_type", json!("IA3")),
        ("init_lora_weights", json!("pissa_niter_4")),
        ("layer_replication", json!([[0, 2]])),
        ("a_field_of_tomorrow", json!(1)),
        ("r", json!(0)),
        ("r", json!(-1)),
        ("lora_alpha", json!("16")),
    ] {
        let files = edit(&files, "adapter_config.json", field, value);
        refused(from_peft(&borrow(&files)).map(drop), "MODEL_INVALID", &["adapter_config.json", field]);
    }
    let plain = edit(&files, "adapter_config.json", "init_lora_weights", json!("gaussian"));
    from_peft(&borrow(&plain)).unwrap();
    let rank = edit(&files, "adapter_config.json", "r", json!(2));
    refused(from_peft(&borrow(&rank)).map(drop), "MODEL_INVALID", &["adapter_model.safetensors", "r = 2"]);

    let tensors = |replace: [&str; 2]| {
        let mut files = files.clone();
        let bytes = &mut at(&mut files, "adapter_model.safetensors").bytes;
        let (from, to) = (replace[0].as_bytes(), replace[1].as_bytes());
        assert_eq!(from.len(), to.len(), "the header keeps its length");
        // The last: the header's own copy of the config names modules too.
        let at = bytes.windows(from.len()).rposition(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        from_peft(&borrow(&files)).map(drop)
    };
    let file = "adapter_model.safetensors";
    refused(tensors(["lora_A", "lora_C"]), "MODEL_INVALID", &[file, "lora_C"]);
    refused(tensors(["query.lora_A", "value.lora_A"]), "MODEL_INVALID", &[file, "not both"]);
    refused(tensors(["attention.self.query", "attention.self.quern"]), "MODEL_INVALID", &[file, "quern"]);
    refused(tensors(["layer.0", "layer.x"]), "MODEL_INVALID", &[file, "layer.x"]);
    let alone = &files[..1];
    refused(from_peft(&borrow(alone)).map(drop), "MODEL_INVALID", &[file, "missing"]);
}

#[test]
fn a_chosen_folder_may_have_a_name_in_front_and_copies_inside() {
    let mut tuned = load();
    with_head(&mut tuned, Towers::Shared);
    let files = export(&tuned);
    let mut nested: Vec<ExportedFile> =
        files.iter().map(|f| ExportedFile { path: format!("my model\\{}", f.path), ..f.clone() }).collect();
    nested
        .insert(0, ExportedFile { path: "my model/checkpoint-8/modules.json".into(), bytes: b"[]".to_vec() });
    let mut fresh = load();
    import(&mut fresh, &nested).unwrap();
    assert!(close(&rows(&fresh, Tower::Query), &rows(&tuned, Tower::Query), 1e-6));
}

/// A Dense module with a residual computes `x + x Mᵀ`: the file's matrix is the head itself.
#[test]
fn a_residual_dense_module_is_a_head() {
    let mut tuned = load();
    with_head(&mut tuned, Towers::Shared);
    let files = edit(&export(&tuned), "2_Dense/config.json", "use_residual", json!(true));
    let mut doubled = load();
    let plain = rows(&doubled, Tower::Query);
    import(&mut doubled, &files).unwrap();
    // e + e (I + W) = (e + e W) + e, before normalising.
    let [values] =
        pollster::block_on(nearmiss::encoder::read([tuned.head().unwrap().0.weight.val()])).unwrap();
    let mut expected = Vec::new();
    for e in plain.chunks(HIDDEN) {
        let column = |c: usize| 2.0 * e[c] + (0..HIDDEN).map(|r| e[r] * values[r * HIDDEN + c]).sum::<f32>();
        let row: Vec<f32> = (0..HIDDEN).map(column).collect();
        let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        expected.extend(row.iter().map(|v| v / norm));
    }
    assert!(close(&rows(&doubled, Tower::Query), &expected, 1e-5));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x7065_6674),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever bytes an adapter's files hold, the answer is an adapter or a typed error.
    #[test]
    fn damaged_adapters_never_panic(
        which in 0usize..2, at in 0usize..1200, byte in any::<u8>(), keep in 0usize..6000,
    ) {
        let mut files = to_peft(&adapter(2, &[Target::Query, Target::Inner], &[0])).unwrap();
        let bytes = &mut files[which].bytes;
        bytes.truncate(keep.max(8));
        let length = bytes.len();
        bytes[at % length] = byte;
        match from_peft(&borrow(&files)) {
            Ok(lora) => prop_assert!(!lora.factors.is_empty()),
            Err(error) => prop_assert_eq!(error.code(), "MODEL_INVALID"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x666f_6c64),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Likewise a whole folder, whichever file is damaged or gone.
    #[test]
    fn damaged_folders_never_panic(which in 0usize..11, at in 0usize..3000, byte in any::<u8>(), gone in any::<bool>()) {
        let mut tuned = load();
        with_head(&mut tuned, Towers::Query);
        let mut files = export(&tuned);
        prop_assert_eq!(files.len(), 11);
        if gone {
            files.remove(which);
        } else {
            let length = files[which].bytes.len();
            files[which].bytes[at % length] = byte;
        }
        let fresh = load();
        if let Err(error) = fresh.read_folder(&files) {
            let codes = ["MODEL_INVALID", "MODEL_MISMATCH", "TOKENIZER_INVALID", "INPUT_INVALID"];
            prop_assert!(codes.contains(&error.code()), "{}", error);
        }
    }
}
