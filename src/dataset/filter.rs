//! Which documents a search may return: conditions on their metadata, as one JSON object.
//!
//! ```
//! use nearmiss::dataset::{Document, Filter};
//!
//! let filter = Filter::parse(&serde_json::json!({ "year": { "gte": 2020 }, "tags": "keys" })).unwrap();
//! let mut document = Document::new("a", "", "How to rotate keys");
//! document.metadata = serde_json::json!({ "year": 2024, "tags": ["keys", "ops"] });
//! assert!(filter.matches(&document));
//! ```

use super::Document;
use crate::error::{Error, Result};
use serde_json::{Map, Value};
use std::cmp::Ordering;

/// Filters within filters; deeper ones are more likely a mistake, and a stack has an end.
const DEEPEST: usize = 32;

/// A condition on one document.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of them.
    And(Vec<Filter>),
    /// Any of them.
    Or(Vec<Filter>),
    /// The other documents.
    Not(Box<Filter>),
    /// Of one field.
    Field {
        /// `id`, `title` and `parent` with a `$` before them, else keys of the metadata, outermost first.
        path: Vec<String>,
        /// What must hold of its value; of any of its items where the value is a list.
        test: Test,
    },
}

/// What must hold of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// It is one of these.
    In(Vec<Value>),
    /// It is none of these; a field that is not there is none of them either.
    NotIn(Vec<Value>),
    /// It is a number, or a text, on this side of another of its kind. Texts compare by code point, so that ISO dates do by time.
    Compare(Bound, Value),
    /// It is a text that begins so.
    Prefix(String),
    /// The field is there and not null, or it is not.
    Exists(bool),
}

/// A side of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Bound {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Filter {
    /// Reads an object: each key is a field (a dot goes into nested metadata), or `and`, `or`, `not`; all must hold. A field has a
    /// value to be equal to, a list of such, or an object of operators: `eq`, `ne`, `in`, `nin`, `lt`, `lte`, `gt`, `gte`, `prefix`,
    /// `exists`.
    ///
    /// # Errors
    /// `InputInvalid` naming the place.
    pub fn parse(value: &Value) -> Result<Self> {
        parse(value, "filter", 0)
    }

    /// Does it hold of this document?
    pub fn matches(&self, document: &Document) -> bool {
        match self {
            Filter::And(all) => all.iter().all(|filter| filter.matches(document)),
            Filter::Or(any) => any.iter().any(|filter| filter.matches(document)),
            Filter::Not(other) => !other.matches(document),
            Filter::Field { path, test } => test.holds(field(document, path).as_ref()),
        }
    }
}

fn parse(value: &Value, place: &str, depth: usize) -> Result<Filter> {
    let Value::Object(object) = value else {
        return Err(Error::input(place, "must be an object of fields and conditions"));
    };
    if depth > DEEPEST {
        return Err(Error::input(place, format!("is nested more than {DEEPEST} deep")));
    }
    let mut all = Vec::with_capacity(object.len());
    for (key, value) in object {
        let place = format!("{place}.{key}");
        match key.as_str() {
            "and" => all.push(Filter::And(several(value, &place, depth)?)),
            "or" => all.push(Filter::Or(several(value, &place, depth)?)),
            "not" => all.push(Filter::Not(Box::new(parse(value, &place, depth + 1)?))),
            _ => {
                let path: Vec<String> = key.split('.').map(str::to_owned).collect();
                let fields = |test| Filter::Field { path: path.clone(), test };
                all.extend(tests(value, &place)?.into_iter().map(fields));
            }
        }
    }
    Ok(match all.len() {
        1 => all.remove(0),
        _ => Filter::And(all),
    })
}

fn several(value: &Value, place: &str, depth: usize) -> Result<Vec<Filter>> {
    let Value::Array(items) = value else {
        return Err(Error::input(place, "must be a list of filters"));
    };
    items.iter().enumerate().map(|(at, item)| parse(item, &format!("{place}[{at}]"), depth + 1)).collect()
}

fn tests(value: &Value, place: &str) -> Result<Vec<Test>> {
    match value {
        Value::Object(operators) if operators.is_empty() => {
            Err(Error::input(place, "names no condition, such as { \"eq\": 1 }"))
        }
        Value::Object(operators) => operator_tests(operators, place),
        Value::Array(items) => Ok(vec![Test::In(scalars(items, place)?)]),
        one => Ok(vec![Test::In(vec![one.clone()])]),
    }
}

fn operator_tests(operators: &Map<String, Value>, place: &str) -> Result<Vec<Test>> {
    let test = |(name, value): (&String, &Value)| {
        let place = format!("{place}.{name}");
        Ok(match name.as_str() {
            "eq" => Test::In(scalars(std::slice::from_ref(value), &place)?),
            "ne" => Test::NotIn(scalars(std::slice::from_ref(value), &place)?),
            "in" => Test::In(scalars(list(value, &place)?, &place)?),
            "nin" => Test::NotIn(scalars(list(value, &place)?, &place)?),
            "lt" => Test::Compare(Bound::Less, ordered(value, &place)?),
            "lte" => Test::Compare(Bound::AtMost, ordered(value, &place)?),
            "gt" => Test::Compare(Bound::Greater, ordered(value, &place)?),
            "gte" => Test::Compare(Bound::AtLeast, ordered(value, &place)?),
            "prefix" => match value {
                Value::String(text) => Test::Prefix(text.clone()),
                _ => return Err(Error::input(place, "must be a text")),
            },
            "exists" => match value {
                Value::Bool(there) => Test::Exists(*there),
                _ => return Err(Error::input(place, "must be true or false")),
            },
            _ => {
                let known = "eq, ne, in, nin, lt, lte, gt, gte, prefix, exists";
                return Err(Error::input(place, format!("is no condition; there are {known}")));
            }
        })
    };
    operators.iter().map(test).collect()
}

fn list<'a>(value: &'a Value, place: &str) -> Result<&'a [Value]> {
    value.as_array().map(Vec::as_slice).ok_or_else(|| Error::input(place, "must be a list"))
}

fn scalars(values: &[Value], place: &str) -> Result<Vec<Value>> {
    if values.iter().any(|value| value.is_object() || value.is_array()) {
        return Err(Error::input(place, "must be a text, a number, true, false or null"));
    }
    Ok(values.to_vec())
}

fn ordered(value: &Value, place: &str) -> Result<Value> {
    match value {
        Value::Number(_) | Value::String(_) => Ok(value.clone()),
        _ => Err(Error::input(place, "must be a number or a text")),
    }
}

/// The value at a path, or none; null counts as none.
fn field(document: &Document, path: &[String]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    match first.as_str() {
        "$id" if rest.is_empty() => return Some(Value::from(document.id.as_str())),
        "$title" if rest.is_empty() => return Some(Value::from(document.title.as_str())),
        "$parent" if rest.is_empty() => return document.parent.as_deref().map(Value::from),
        _ => {}
    }
    let found = path.iter().try_fold(&document.metadata, |value, key| value.get(key))?;
    (!found.is_null()).then(|| found.clone())
}

impl Test {
    fn holds(&self, value: Option<&Value>) -> bool {
        let items = match value {
            Some(Value::Array(items)) => items.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let is_in = |wanted: &[Value]| match items {
            [] => wanted.iter().any(Value::is_null),
            _ => items.iter().any(|item| wanted.iter().any(|one| same(item, one))),
        };
        match self {
            Test::In(wanted) => is_in(wanted),
            Test::NotIn(unwanted) => !is_in(unwanted),
            Test::Exists(there) => value.is_some() == *there,
            Test::Prefix(start) => {
                items.iter().any(|item| item.as_str().is_some_and(|text| text.starts_with(start)))
            }
            Test::Compare(bound, with) => {
                items.iter().any(|item| compare(item, with).is_some_and(|order| bound.allows(order)))
            }
        }
    }
}

/// 1 and 1.0 are one number, whichever way JSON wrote them.
fn same(one: &Value, other: &Value) -> bool {
    one == other || compare(one, other) == Some(Ordering::Equal)
}

fn compare(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        _ => None,
    }
}

impl Bound {
    fn allows(self, order: Ordering) -> bool {
        match self {
            Bound::Less => order == Ordering::Less,
            Bound::AtMost => order != Ordering::Greater,
            Bound::Greater => order == Ordering::Greater,
            Bound::AtLeast => order != Ordering::Less,
        }
    }
}
