//! Conditions on metadata.

use nearmiss::dataset::{Document, Filter};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(metadata: Value) -> Document {
    let mut document = Document::new("notes/keys.md#2", "Keys", "How to rotate keys");
    document.parent = Some("notes/keys.md".into());
    document.metadata = metadata;
    document
}

fn matches(filter: Value, metadata: Value) -> bool {
    Filter::parse(&filter).unwrap().matches(&document(metadata))
}

#[test]
fn every_condition_says_what_it_says() {
    let note = json!({ "year": 2021, "lang": "en", "tags": ["keys", "ops"], "done": false, "by": { "name": "Ada" }, "gone": null });
    let holds = [
        json!({}),
        json!({ "year": 2021 }),
        json!({ "year": 2021.0 }),
        json!({ "year": { "eq": 2021 }, "lang": "en" }),
        json!({ "year": { "gt": 2020, "lt": 2022 } }),
        json!({ "year": { "gte": 2021, "lte": 2021 } }),
        json!({ "lang": ["de", "en"] }),
        json!({ "lang": { "in": ["de", "en"] } }),
        json!({ "lang": { "nin": ["de"] } }),
        json!({ "lang": { "ne": "de", "prefix": "e", "gt": "de" } }),
        json!({ "tags": "ops" }),
        json!({ "tags": { "prefix": "ke" } }),
        json!({ "by.name": "Ada" }),
        json!({ "done": false }),
        json!({ "gone": { "exists": false } }),
        json!({ "gone": null }),
        json!({ "missing": { "ne": 3 } }),
        json!({ "by": { "exists": true } }),
        json!({ "or": [{ "year": 1999 }, { "lang": "en" }] }),
        json!({ "and": [{ "year": 2021 }, { "not": { "lang": "de" } }] }),
        json!({ "not": { "or": [] } }),
        json!({ "$parent": "notes/keys.md", "$id": { "prefix": "notes/" }, "$title": "Keys" }),
    ];
    for filter in holds {
        assert!(matches(filter.clone(), note.clone()), "{filter}");
    }
    let fails = [
        json!({ "year": "2021" }),
        json!({ "year": { "gt": 2021 } }),
        json!({ "year": { "lt": "3000" } }),
        json!({ "lang": [] }),
        json!({ "lang": { "nin": ["en", "de"] } }),
        json!({ "tags": { "ne": "ops" } }),
        json!({ "by.name.first": "Ada" }),
        json!({ "missing": { "exists": true } }),
        json!({ "missing": { "gt": 0 } }),
        json!({ "or": [] }),
        json!({ "not": {} }),
    ];
    for filter in fails {
        assert!(!matches(filter.clone(), note.clone()), "{filter}");
    }
    assert!(!matches(json!({ "year": 1 }), Value::Null));
}

#[test]
fn what_cannot_be_meant_is_refused_by_place() {
    let cases = [
        (json!([]), "filter:"),
        (json!({ "year": { "above": 3 } }), "filter.year.above:"),
        (json!({ "year": { "gt": true } }), "filter.year.gt:"),
        (json!({ "year": {} }), "filter.year:"),
        (json!({ "year": { "in": 3 } }), "filter.year.in:"),
        (json!({ "year": [[1]] }), "filter.year:"),
        (json!({ "or": { "year": 3 } }), "filter.or:"),
        (json!({ "and": [{}, { "x": { "prefix": 1 } }] }), "filter.and[1].x.prefix:"),
        (json!({ "x": { "exists": "yes" } }), "filter.x.exists:"),
    ];
    for (filter, place) in cases {
        let error = Filter::parse(&filter).unwrap_err();
        assert_eq!(error.code(), "INPUT_INVALID");
        assert!(error.to_string().starts_with(place), "{error}");
    }
    let deep = (0..100).fold(json!({}), |inner, _| json!({ "not": inner }));
    assert!(Filter::parse(&deep).unwrap_err().to_string().contains("nested"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let key = prop_oneof![
        Just("and"),
        Just("or"),
        Just("not"),
        Just("year"),
        Just("gt"),
        Just("in"),
        Just("$id"),
        Just("")
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.clone(), inner), 0..4).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn any_object_is_a_filter_or_refused_and_not_turns_it_round(filter in any_json(), metadata in any_json()) {
        if let Ok(parsed) = Filter::parse(&filter) {
            let note = document(metadata);
            let turned = Filter::parse(&json!({ "not": filter })).unwrap();
            prop_assert_ne!(parsed.matches(&note), turned.matches(&note));
        }
    }
}
