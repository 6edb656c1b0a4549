"""Plain text to learn from: documents of collections, never their queries or judgements, cut in many ways.

A student sees only vectors of the teacher, so any text will do; short pieces stand in for queries, long ones for documents.
"""

import json
import random
import re
from pathlib import Path

# Documents that the student may read. The others are left untouched, so that it can be measured on text it has never seen.
COLLECTIONS = ["squadshifts_wiki", "boolq_dev", "scifact", "npl", "climate_fever_ev"]

SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])")
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9'.-]*")
OPENINGS = [
    "what is {}", "what is {}?", "how does {} work?", "what causes {}", "why {}?", "where is {}", "who {}?", "when was {}?",
    "does {}?", "is {}?", "are {} the same", "can {}", "how many {}?", "which {}?", "effects of {}", "{} and its applications",
    "articles about {}", "what are the {} of {}", "is there a relation between {} and {}?", "{} versus {}", "role of {} in {}",
]


def documents(data: Path) -> list[tuple[str, str]]:
    """Title and text of every document, in the order of the files."""
    found = []
    for name in COLLECTIONS:
        with open(data / name / "corpus.jsonl", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                found.append((row.get("title", "").replace("_", " ").strip(), row.get("text", "").strip()))
    return found


def sentences(text: str) -> list[str]:
    return [s for s in SENTENCE.split(text) if len(s) > 12]


def span(words: list[str], rng: random.Random, least: int, most: int) -> str:
    length = min(len(words), rng.randint(least, most))
    start = rng.randrange(len(words) - length + 1)
    return " ".join(words[start : start + length])


def of_document(title: str, text: str, rng: random.Random) -> list[str]:
    """The document, its sentences alone and in runs, spans of words, and spans in the form of a question."""
    whole = f"{title} {text}".strip()
    parts = sentences(text)
    found = [whole, text, title, *parts]
    for size in (2, 3):
        found += [" ".join(parts[i : i + size]) for i in range(0, len(parts) - size + 1, size - 1)]
    words = WORD.findall(whole)
    if len(words) < 2:
        return found
    for _ in range(4 + len(words) // 8):
        found.append(span(words, rng, 2, 14))
    for _ in range(2 + len(words) // 30):
        opening = rng.choice(OPENINGS)
        found.append(opening.format(*(span(words, rng, 1, 7) for _ in range(opening.count("{}")))))
    for _ in range(1 + len(words) // 60):  # words of one text in any order, as people type them
        found.append(" ".join(rng.sample(words, min(len(words), rng.randint(2, 7)))))
    return found


def of_vocabulary(vocabulary: list[str], rng: random.Random, bags: int) -> list[str]:
    """Every word alone, and bags of a few, so that words which no document holds are learned too."""
    words = [w for w in vocabulary if w.isascii() and not w.startswith(("##", "[")) and (len(w) > 1 or w.isalnum())]
    found = list(words)
    for _ in range(bags):
        found.append(" ".join(rng.choices(words, k=rng.randint(2, 6))))
    return found


def gather(data: Path, vocabulary: list[str], seed: int, bags: int) -> list[str]:
    """All texts, each once, in a fixed order."""
    rng = random.Random(seed)
    found: dict[str, None] = {}
    for title, text in documents(data):
        for piece in of_document(title, text, rng):
            if len(piece) > 1:
                found.setdefault(piece)
    for piece in of_vocabulary(vocabulary, rng, bags):
        found.setdefault(piece)
    return list(found)
