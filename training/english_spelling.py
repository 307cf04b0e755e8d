"""Train the model that pronounces English words which no lexicon has (names, brands, new words).

    python training/english_spelling.py --out src/myna/engines/kokoro/shipped/english_spelling.npz

Letters in, Kokoro symbols with stress out: two small bidirectional LSTM layers over the letters, three output slots a
letter, CTC loss. It learns from misaki's own lexicons (Apache-2.0), American and British, told apart by a first sign, so
that its answers look like theirs. Needs torch and misaki; some minutes an epoch on one idle core. The figures that it
prints are for words held out before training.

The shipped file: `--epochs 8` stopped after the first, then `--resume` that file with `--epochs 1`. On 2,834 words held out (both accents): 5.5 %
of the phonemes wrong, 7.2 % with stress marks counted, 70.8 % of the words right but for stress.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from record_digests import record_digests
from torch import nn

LETTERS = "abcdefghijklmnopqrstuvwxyz'"
ACCENT_SIGNS = {"us": len(LETTERS) + 1, "gb": len(LETTERS) + 2}
SLOTS = 3
EMBEDDING, HIDDEN = 32, 112
MAX_LETTERS = 22
NUM_HELD_OUT = 1500
BATCH_SIZE = 256


class Speller(nn.Module):
    def __init__(self, num_symbols: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(LETTERS) + 3, EMBEDDING, padding_idx=0)
        self.lstm = nn.LSTM(EMBEDDING, HIDDEN, num_layers=2, bidirectional=True, batch_first=True, dropout=0.1)
        self.output = nn.Linear(2 * HIDDEN, SLOTS * (num_symbols + 1))
        self.num_classes = num_symbols + 1

    def forward(self, letters: torch.Tensor) -> torch.Tensor:
        """[batch, letters] of words of one length -> [batch, SLOTS * letters, classes] log-probabilities."""
        scores = self.output(self.lstm(self.embedding(letters))[0])
        return scores.reshape(letters.shape[0], -1, self.num_classes).log_softmax(-1)


def read_lexicon(accent: str) -> dict[str, str]:
    data = files("misaki") / "data"
    entries: dict[str, str] = {}
    for quality in ("silver", "gold"):
        for word, said in json.loads((data / f"{accent}_{quality}.json").read_text(encoding="utf-8")).items():
            spoken = said["DEFAULT"] if isinstance(said, dict) else said
            lower = word.lower()
            is_plain = all(letter in LETTERS for letter in lower) and 1 < len(lower) < MAX_LETTERS
            if is_plain and spoken and not word[1:].isupper() and len(spoken) <= SLOTS * len(lower):
                entries[lower] = spoken
    return entries


def edit_distance(first: Sequence[str], second: Sequence[str]) -> int:
    row = list(range(len(second) + 1))
    for i, left in enumerate(first, 1):
        previous, row[0] = row[:], i
        for j, right in enumerate(second, 1):
            row[j] = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (left != right))
    return row[-1]


def to_ids(accent: str, word: str) -> list[int]:
    return [ACCENT_SIGNS[accent], *(LETTERS.index(letter) + 1 for letter in word)]


def greedy(log_probs: torch.Tensor, symbols: str) -> list[str]:
    spoken = []
    for row in log_probs.argmax(-1).tolist():
        kept, last = [], 0
        for index in row:
            if index not in (0, last):
                kept.append(symbols[index - 1])
            last = index
        spoken.append("".join(kept))
    return spoken


def batches_of_one_length(rows: Sequence[tuple[list[int], list[int]]], size: int) -> list[list[int]]:
    """Indices of words, shuffled, each batch of words of the same number of letters: no padding."""
    by_length: dict[int, list[int]] = {}
    for index in random.sample(range(len(rows)), len(rows)):
        by_length.setdefault(len(rows[index][0]), []).append(index)
    batches = [group[i : i + size] for group in by_length.values() for i in range(0, len(group), size)]
    random.shuffle(batches)
    return batches


def measure(model: Speller, held_out: Sequence[tuple[str, str, str]], symbols: str) -> None:
    model.eval()
    unstressed = str.maketrans("", "", "ˈˌ")
    errors = errors_unstressed = total = total_unstressed = exact = 0
    with torch.no_grad():
        for accent, word, said in held_out:
            heard = greedy(model(torch.tensor([to_ids(accent, word)])), symbols)[0]
            errors += edit_distance(said, heard)
            total += len(said)
            plain, plain_heard = said.translate(unstressed), heard.translate(unstressed)
            errors_unstressed += edit_distance(plain, plain_heard)
            total_unstressed += len(plain)
            exact += plain == plain_heard
    print(
        f"held out {len(held_out)}: PER {errors_unstressed / total_unstressed:.3f}, with stress {errors / total:.3f}, "
        f"words exact {exact / len(held_out):.3f}",
        flush=True,
    )


def save(model: Speller, symbols: str, out: Path) -> None:
    """float16 arrays, named as in torch; the engine runs them with numpy."""
    arrays = {name: tensor.numpy().astype(np.float16) for name, tensor in model.state_dict().items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, symbols=np.array(list(symbols)), letters=np.array(list(LETTERS)), **arrays)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--resume", type=Path, help="a file that this script wrote: go on from there")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    random.seed(0)
    lexicons = {accent: read_lexicon(accent) for accent in ACCENT_SIGNS}
    symbols = "".join(sorted({sign for lexicon in lexicons.values() for said in lexicon.values() for sign in said}))
    hidden_words = set(random.sample(sorted(lexicons["us"]), NUM_HELD_OUT))
    rows = [(accent, word, said) for accent, lexicon in lexicons.items() for word, said in lexicon.items()]
    held_out = [row for row in rows if row[1] in hidden_words]
    train = [row for row in rows if row[1] not in hidden_words]
    print(f"{len(train)} words, {len(symbols)} symbols", flush=True)
    examples = [(to_ids(accent, word), [symbols.index(sign) + 1 for sign in said]) for accent, word, said in train]
    model = Speller(len(symbols))
    print(sum(p.numel() for p in model.parameters()), "parameters", flush=True)
    if arguments.resume:
        with np.load(arguments.resume) as stored:
            model.load_state_dict({name: torch.tensor(stored[name].astype(np.float32)) for name in model.state_dict()})
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=1e-4)
    num_steps = arguments.epochs * len(batches_of_one_length(examples, BATCH_SIZE))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=num_steps, pct_start=0.1)
    num_done = 0
    loss_of = nn.CTCLoss(zero_infinity=True)
    for epoch in range(arguments.epochs):
        model.train()
        started, total_loss = time.time(), 0.0
        batches = batches_of_one_length(examples, BATCH_SIZE)
        for batch in batches:
            letters = torch.tensor([examples[k][0] for k in batch])
            log_probs = model(letters).transpose(0, 1)
            loss = loss_of(
                log_probs,
                torch.tensor([sign for k in batch for sign in examples[k][1]]),
                torch.full((len(batch),), log_probs.shape[0]),
                torch.tensor([len(examples[k][1]) for k in batch]),
            )
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total_loss += loss.item()
            num_done += 1
            if num_done % 200 == 0:
                print(f"{num_done}/{num_steps} loss {loss.item():.3f}", flush=True)
        print(f"epoch {epoch + 1}: loss {total_loss / len(batches):.3f}, {time.time() - started:.0f} s", flush=True)
        measure(model, held_out, symbols)
        save(model, symbols, arguments.out)
        record_digests()


if __name__ == "__main__":
    main()
