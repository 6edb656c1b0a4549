"""Every number of the recipe. What was tried besides stands in README.md."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    seed: int = 1
    threads: int = 2  # sums depend on how they are split, so that the same number is needed for the same bytes

    # The student. Two layers of this width are about a tenth of the teacher's arithmetic a token.
    hidden: int = 256
    layers: int = 2
    heads: int = 4
    intermediate: int = 512
    positions: int = 256

    # The texts.
    bags: int = 150_000  # of words at random
    share: float = 1.0  # of all texts; less for trying out

    # The training.
    epochs: int = 5
    tokens: int = 12_288  # a step, with padding
    pool: int = 20_000  # texts among which batches of like length are made
    pairs: int = 384  # texts of a step that are compared with each other
    learning_rate: float = 4e-3
    last_rate: float = 0.02  # of the learning rate, where the cosine ends
    warmup: int = 200  # steps
    weight_decay: float = 0.01  # of the layers' matrices
    temperature: float = 0.05
    similarity_weight: float = 10.0
    ranking_weight: float = 0.1
    held_out: int = 4096  # texts that only measure

    # The file: whole numbers from -steps to steps, by the start of a tensor's name. Six bits are enough for word vectors
    # and compress to three quarters of what eight take.
    word_steps: int = 31
    steps: int = 127
