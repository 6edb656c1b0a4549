//! What is so for what is not, and back, in English: at an auxiliary or modal verb, at "never", at "no longer".
//!
//! Removing is safe almost everywhere. Inserting is not, so it asks for a plain statement: a sentence without any negation or
//! question, an auxiliary amid words, and after it no pronoun (an inversion) and, for have and had, a past participle. "Do"
//! takes no "not" here: as a main verb it would need a second "do".

use super::passage::Edit;
use super::term::with_case_of;
use super::tokens::Token;

const AUXILIARIES: &[&str] = &[
    "is", "are", "was", "were", "can", "could", "will", "would", "should", "must", "may", "might", "does",
    "do", "did", "has", "have", "had",
];

/// Contractions of "not", with what is left without it.
const CONTRACTIONS: &[(&str, &str)] = &[
    ("isn't", "is"),
    ("aren't", "are"),
    ("wasn't", "was"),
    ("weren't", "were"),
    ("can't", "can"),
    ("cannot", "can"),
    ("couldn't", "could"),
    ("won't", "will"),
    ("wouldn't", "would"),
    ("shouldn't", "should"),
    ("mustn't", "must"),
    ("doesn't", "does"),
    ("don't", "do"),
    ("didn't", "did"),
    ("hasn't", "has"),
    ("haven't", "have"),
    ("hadn't", "had"),
];

/// Any of these makes a sentence one in which "not" would be a second negation.
const NEGATIONS: &[&str] = &[
    "not", "never", "no", "nor", "neither", "none", "nothing", "nobody", "nowhere", "cannot", "hardly",
    "barely", "scarcely", "few", "little", "only", "without", "unless", "n't",
];

/// Words at home only in negated clauses: without the "not" they sound wrong.
const NEGATIVE_POLARITY: &[&str] = &[
    "any",
    "anyone",
    "anything",
    "anybody",
    "anymore",
    "either",
    "ever",
    "much",
    "until",
    "yet",
    "necessarily",
    "but",
];

/// Past participles that do not end in -ed or -en.
const PARTICIPLES: &[&str] = &[
    "been",
    "become",
    "begun",
    "bought",
    "brought",
    "built",
    "come",
    "cut",
    "done",
    "drawn",
    "felt",
    "found",
    "gone",
    "grown",
    "held",
    "hit",
    "kept",
    "known",
    "led",
    "left",
    "lost",
    "made",
    "meant",
    "met",
    "paid",
    "put",
    "read",
    "run",
    "said",
    "sent",
    "set",
    "shown",
    "sold",
    "spent",
    "stood",
    "thought",
    "told",
    "understood",
    "won",
    "worn",
];

/// One change for each place of a sentence at which a negation can be put in or taken out.
pub(super) fn edits(tokens: &[Token<'_>]) -> Vec<Edit> {
    let asks = tokens.last().is_some_and(|token| token.tail.contains('?'));
    if asks {
        return Vec::new();
    }
    let negated = tokens.iter().any(|token| {
        let word = straight(token.core);
        NEGATIONS.contains(&word.as_str()) || word.ends_with("n't")
    });
    let edit = |at: usize| removal(tokens, at).or_else(|| if negated { None } else { insertion(tokens, at) });
    (0..tokens.len()).filter_map(edit).collect()
}

/// Lower case, with a straight apostrophe.
fn straight(word: &str) -> String {
    word.to_lowercase().replace('\u{2019}', "'")
}

/// Takes a negation out, or turns "never" into "always".
fn removal(tokens: &[Token<'_>], at: usize) -> Option<Edit> {
    let token = &tokens[at];
    if !token.is_bare() || sounds_wrong_without(tokens, at) {
        return None;
    }
    let word = straight(token.core);
    if let Some((_, left)) = CONTRACTIONS.iter().find(|(contraction, _)| *contraction == word) {
        return Some(Edit::new(token.range(), with_case_of(left, token.core)));
    }
    let next = tokens.get(at + 1).filter(|next| next.lead.is_empty());
    let next_is_plain = next.is_some_and(|next| next.core.starts_with(char::is_alphabetic));
    let before = at.checked_sub(1).map(|before| &tokens[before]);
    let auxiliary = before.filter(|before| before.is_bare() && AUXILIARIES.contains(&before.core));
    match (word.as_str(), auxiliary) {
        ("not" | "never", Some(before)) if next_is_plain => {
            Some(Edit::new(before.at..token.range().end, before.core))
        }
        ("no", Some(before)) if next.is_some_and(|next| next.is_bare() && next.core == "longer") => {
            let longer = tokens.get(at + 1)?;
            (at + 2 < tokens.len()).then(|| Edit::new(before.at..longer.range().end, before.core))
        }
        ("never", None) if next_is_plain => {
            Some(Edit::new(token.range(), with_case_of("always", token.core)))
        }
        // "Is always", "and always": not "not always", "almost always".
        ("always", _) if next_is_plain && before.is_some_and(|before| !is_degree(&before.lower())) => {
            Some(Edit::new(token.range(), "never"))
        }
        _ => None,
    }
}

fn is_degree(word: &str) -> bool {
    matches!(word, "not" | "nearly" | "almost" | "as" | "has" | "have" | "had")
        || word.ends_with("n't")
        || word.ends_with("n’t")
}

/// "Not only", "not yet", "cannot have any": the rest leans on the negation.
fn sounds_wrong_without(tokens: &[Token<'_>], at: usize) -> bool {
    let next = tokens.get(at + 1).map(Token::lower).unwrap_or_default();
    let leans = matches!(
        next.as_str(),
        "only" | "just" | "merely" | "simply" | "mind" | "all" | "every" | "so" | "quite"
    );
    leans
        || tokens.iter().skip(at + 1).take(7).any(|token| NEGATIVE_POLARITY.contains(&token.lower().as_str()))
}

/// Puts a "not" after an auxiliary amid a plain statement.
fn insertion(tokens: &[Token<'_>], at: usize) -> Option<Edit> {
    let (before, token, next) = (tokens.get(at.checked_sub(1)?)?, tokens[at], tokens.get(at + 1)?);
    // "Before it was not built" is no English.
    let timed = tokens[at.saturating_sub(5)..at]
        .iter()
        .any(|token| matches!(token.core, "before" | "until" | "Before" | "Until"));
    let plain = !timed && token.is_bare() && before.tail.is_empty() && next.lead.is_empty();
    if !plain || !AUXILIARIES.contains(&token.core) || !follows_a_subject(before) || !takes_not(&token, next)
    {
        return None;
    }
    let to = if token.core == "can" { "cannot".to_string() } else { format!("{} not", token.core) };
    Some(Edit::new(token.range(), to))
}

/// Not after a question word, not in an inversion, and no noun ("a can", "the will").
fn follows_a_subject(before: &Token<'_>) -> bool {
    let word = before.lower();
    let other = [
        "what", "where", "when", "why", "how", "so", "as", "than", "and", "or", "but", "a", "an", "the",
        "his", "her", "its", "my", "our", "your", "their", "of", "at", "to", "whatever", "if", "also", "too",
        "either", "both", "whose",
    ];
    !word.is_empty() && !other.contains(&word.as_str())
}

fn takes_not(auxiliary: &Token<'_>, next: &Token<'_>) -> bool {
    let word = next.lower();
    let lower_case = next.core.starts_with(char::is_lowercase);
    match auxiliary.core {
        "do" | "does" | "did" => false,
        "has" | "have" | "had" => {
            word != "to"
                && (word.ends_with("ed")
                    || word.ends_with("en") && word != "ten"
                    || PARTICIPLES.contains(&word.as_str()))
        }
        "is" | "are" | "was" | "were" => {
            let other = [
                "it",
                "he",
                "she",
                "they",
                "we",
                "you",
                "i",
                "there",
                "what",
                "how",
                "why",
                "where",
                "when",
                "who",
                "because",
                "still",
                "also",
                "just",
                "even",
                "perhaps",
                "probably",
                "usually",
                "often",
                "sometimes",
                "about",
                "around",
            ];
            lower_case && !other.contains(&word.as_str()) && !word.contains('/')
        }
        // After a modal, its verb.
        _ => {
            let other = [
                "it", "he", "she", "they", "we", "you", "i", "there", "also", "even", "still", "just", "the",
                "a", "of", "and", "or", "rather",
            ];
            lower_case && !other.contains(&word.as_str()) && !word.ends_with("ly")
        }
    }
}
