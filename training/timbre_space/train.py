"""Learn, from many people at once, where a voice lies: one network, through the frozen decoder, judged by what it sounds like.

    python training/timbre_space/train.py --data FOLDER --out FOLDER --seconds 150

On one H100 or H200, with what `prepare.py` wrote. A person's recording gives the features; the network moves the timbre
style from where the shipped maps put it, and gives every normalisation of the generator an offset of its own out of a basis that
all people share (`--width` numbers a person, learnt with the network). Two seconds of practice speech are spoken by
that voice. Both judges compare them with the person's *other* recording; a recogniser's encoder compares what is said
with the same words in the mean voice, DNSMOS gives its opinion; neither may fall below what the shipped maps reach.
"""

import argparse
import json
import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent.parent / "src"), str(HERE.parent), str(HERE)]
from decoder import Decoder, read_weights
from judges import Listener
from opinion import Opinion
from recogniser import RecogniserEncoder

from myna.weights.timbre_layers import LAYERS

FRAMES = 80
"""Of a stretch: 2.0 s."""
GAIN_A, GAIN_B = 1.5 / 0.33, 1 / 0.52
"""As in the engine's `style_descent`."""
HELD_OUT = 96
"""People that nothing is learnt from."""
_HELD_OUT_TEXTS = 24
_DROPOUT, _NOISE = 0.15, 0.1


@dataclass(frozen=True)
class Costs:
    prior: float = 0.03
    """On the mean squared distance from the public styles."""
    offset: float = 0.03
    """On the same of the layers' own offsets."""
    speech: float = 15.0
    """On what a recogniser's encoder hears differently past the shipped voices' mean."""
    opinion: float = 0.7
    """On what DNSMOS says less than of the shipped voices."""
    dynamics: float = 8.0
    """On how much more the spectrum's course differs from the mean voice's than the shipped voices' does."""


class Space(nn.Module):
    """[530] features -> timbre style less where the maps put it, in standard deviations, and offsets."""

    def __init__(self, features: Tensor, width: int, hidden: int) -> None:
        super().__init__()
        self.register_buffer("feature_mean", features.mean(0))
        self.register_buffer("feature_sd", features.std(0) + 1e-3)
        self.first, self.second = nn.Linear(features.shape[1], hidden), nn.Linear(hidden, hidden)
        self.last = nn.Linear(hidden, 128 + width)
        self.basis = nn.Parameter(torch.randn(len(LAYERS), 128, width) / max(1, width) ** 0.5)
        nn.init.normal_(self.last.weight, std=0.01)
        nn.init.zeros_(self.last.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        x = (features - self.feature_mean) / self.feature_sd
        if self.training:
            x = x + _NOISE * torch.randn_like(x)
        x = F.dropout(F.gelu(self.first(x), approximate="tanh"), _DROPOUT, self.training)
        x = F.dropout(F.gelu(self.second(x), approximate="tanh"), _DROPOUT, self.training)
        return self.last(x).split([128, self.basis.shape[2]], 1)


class Studio:
    """People, practice speech, decoder and judges, on one device."""

    def __init__(self, folder: Path, device: str) -> None:
        def tables(name: str) -> dict[str, np.ndarray]:
            with np.load(folder / f"{name}.npz") as found:
                return {key: found[key] for key in found.files}

        def floats(arrays: dict[str, np.ndarray]) -> dict[str, Tensor]:
            return {name: torch.from_numpy(values.astype(np.float32)) for name, values in arrays.items()}

        self.device = device
        self.decoder = Decoder(read_weights(str(folder / "decoder.npz"), device))
        judges = floats(tables("judges"))
        self.listener = Listener(
            *(
                {name.split("/", 1)[1]: values for name, values in judges.items() if name.startswith(judge)}
                for judge in ("campplus", "ge2e")
            ),
            device,
        )
        self.recogniser = RecogniserEncoder(floats(_widen(tables("recogniser"))), device)
        self.opinion = Opinion(floats(tables("opinion")), device)
        people = tables("people")
        order = np.random.default_rng(0).permutation(len(people["speaker"]))
        self.people = {
            name: torch.from_numpy(people[name][order].astype(np.float32)).to(device)
            for name in ("features", "a", "b", "pitch", "base")
        }
        self.prior_mean, self.factor = (
            torch.from_numpy(people[name].astype(np.float32)).to(device) for name in ("prior_mean", "prior_cholesky")
        )
        self.stretches = _stretches(tables("practice"), device)
        self.matrices = [self.decoder.layer_matrix(name) @ self.factor for name, _ in LAYERS]

    def speak(self, texts: Tensor, log_f0: Tensor, style: Tensor, offsets: Tensor | None) -> tuple[Tensor, Tensor]:
        """Stretches, [n], in timbre styles, [n, 128]; offsets: [n, layers, 128] in standard deviations.

        Returns samples at 16 kHz, and the same in the mean timbre, [n, m] each.
        """
        mean = self.prior_mean.expand(len(texts), -1)
        with torch.no_grad():
            features, curve, energy, own = (part[texts] for part in self.stretches)
            f0_hz = torch.where(
                curve > 40, (curve.clamp_min(40).log() + (log_f0 - own)[:, None]).exp().clamp(50, 600), curve
            )
            phones = self.decoder.shape_phones(features.float(), f0_hz, energy, mean)
            harmonics = self.decoder.source(f0_hz)
            plain = self.listener.to_16k(self.decoder.speak(phones, harmonics, list(self.decoder.affine(mean))))
        affine = list(self.decoder.affine(style))
        if offsets is not None:
            affine = [
                values + F.linear(offsets[:, layer], matrix)
                for layer, (values, matrix) in enumerate(zip(affine, self.matrices, strict=True))
            ]
        spoken = self.listener.to_16k(self.decoder.speak(phones, harmonics, affine))
        return spoken, plain

    def hear(self, spoken: Tensor, plain: Tensor, a: Tensor, b: Tensor) -> dict[str, Tensor]:
        """What is made of it: [n] each. speech and dynamics are distances from the mean voice's saying the same."""
        spoken = spoken.clamp(-1, 1)
        mel, plain_mel = self.recogniser.log_mel(spoken), self.recogniser.log_mel(plain)
        with torch.no_grad():
            said = self.recogniser.encode(plain_mel)
        difference = mel - plain_mel
        course = (difference - difference.mean(2, keepdim=True)).abs().mean((1, 2))
        return {
            "a": (self.listener.embed_a(spoken) * a).sum(1),
            "b": (self.listener.embed_b(spoken) * b).sum(1),
            "speech": 1 - F.cosine_similarity(self.recogniser.encode(mel), said, dim=2).mean(1),
            "opinion": self.opinion.overall(spoken),
            "dynamics": course,
        }


def _widen(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    found = {}
    for name, values in arrays.items():
        if name.endswith(".q"):
            scale = arrays[f"{name[:-2]}.scale"].reshape(-1, *(1,) * (values.ndim - 1))
            found[name[:-2]] = values * scale
        elif not name.endswith(".scale"):
            found[name] = values
    return found


def _stretches(practice: dict[str, np.ndarray], device: str) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """All texts, one after the other, in windows that overlap by half: features, pitch, energy, mean ln(F0)."""
    features, f0_hz, energy, own = [], [], [], []
    joined = np.repeat(practice["text_features"], practice["frames"].astype(int), axis=1)
    ends = np.cumsum(practice["num_frames"])
    for start in range(0, joined.shape[1] - FRAMES, FRAMES // 2):
        curve = practice["f0_hz"][2 * start : 2 * (start + FRAMES)]
        text = int(np.searchsorted(ends, start + FRAMES // 2, side="right"))
        whole = practice["f0_hz"][2 * (ends[text] - practice["num_frames"][text]) : 2 * ends[text]]
        features.append(joined[:, start : start + FRAMES])
        f0_hz.append(curve)
        energy.append(practice["energy"][2 * start : 2 * (start + FRAMES)])
        own.append(np.log(whole[whole > 40]).mean())
    arrays = (np.stack(features), np.stack(f0_hz), np.stack(energy), np.array(own, np.float32))
    return tuple(torch.from_numpy(array).to(device) for array in arrays)


def run(studio: Studio, width: int, hidden: int, seconds: float, batch: int, costs: Costs, rate: float, log) -> dict:
    """Train one space and return it with what was heard of the held-out people."""
    torch.manual_seed(0)
    order = np.random.default_rng(1)
    people, num_texts = studio.people, len(studio.stretches[0]) - _HELD_OUT_TEXTS
    taught = people["features"][HELD_OUT:].reshape(-1, people["features"].shape[-1])
    space = Space(taught, width, hidden).to(studio.device)
    start = held_out(studio, None, batch)
    log({"width": width, "start": start})
    groups = [{"params": [p for n, p in space.named_parameters() if n != "basis"], "weight_decay": 0.02}]
    groups.append({"params": [space.basis], "weight_decay": 0.0, "lr": 3 * rate})
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimiser.param_groups]
    began, step, seen = time.monotonic(), 0, {}
    while (share := (time.monotonic() - began) / seconds) < 1:
        for group, top in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = top * min(1.0, (step + 1) / 40) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))
        who = torch.from_numpy(order.integers(HELD_OUT, len(people["features"]), batch)).to(studio.device)
        clip = torch.from_numpy(order.integers(0, 2, batch)).to(studio.device)
        texts = torch.from_numpy(order.integers(0, num_texts, batch)).to(studio.device)
        z, numbers = space(people["features"][who, clip])
        style = people["base"][who, clip] + z @ studio.factor.T
        offsets = torch.einsum("nk,lsk->nls", numbers, space.basis) if width else None
        spoken, plain = studio.speak(texts, people["pitch"][who, clip, 0], style, offsets)
        heard = studio.hear(spoken, plain, people["a"][who, 1 - clip], people["b"][who, 1 - clip])
        position = torch.linalg.solve_triangular(studio.factor, (style - studio.prior_mean).T, upper=False)
        parts = {
            "a": GAIN_A * (1 - heard["a"]).mean(),
            "b": GAIN_B * (1 - heard["b"]).mean(),
            "prior": costs.prior * position.square().mean(),
            "offset": costs.offset * offsets.square().mean() if width else torch.zeros((), device=studio.device),
            "speech": costs.speech * (heard["speech"] - start["speech"]).relu().mean(),
            "opinion": costs.opinion * (start["opinion"] - heard["opinion"]).relu().mean(),
            "dynamics": costs.dynamics * (heard["dynamics"] - start["dynamics"]).relu().mean(),
        }
        optimiser.zero_grad(set_to_none=True)
        sum(parts.values()).backward()
        nn.utils.clip_grad_norm_(space.parameters(), 1.0)
        optimiser.step()
        step += 1
        for name, value in (*parts.items(), *((f"heard_{name}", value.mean()) for name, value in heard.items())):
            seen.setdefault(name, []).append(float(value.detach()))
        if step in (5, 20) or step % 100 == 0:
            log(
                {
                    "step": step,
                    "s": round(time.monotonic() - began),
                    **{k: round(float(np.mean(v[-100:])), 3) for k, v in seen.items()},
                }
            )
    space.eval()
    end = held_out(studio, space, batch)
    log({"width": width, "steps": step, "end": end})
    return {"space": space, "start": start, "end": end, "steps": step}


@torch.no_grad()
def held_out(studio: Studio, space: Space | None, batch: int) -> dict[str, float]:
    """Means over the people and texts that nothing is learnt from."""
    people, found = studio.people, {}
    texts = torch.arange(len(studio.stretches[0]) - _HELD_OUT_TEXTS, len(studio.stretches[0]), device=studio.device)
    for index in range(0, 2 * HELD_OUT, batch):
        at = torch.arange(index, min(index + batch, 2 * HELD_OUT), device=studio.device)
        who, clip = at % HELD_OUT, at // HELD_OUT
        style, offsets = people["base"][who, clip], None
        if space is not None:
            z, numbers = space(people["features"][who, clip])
            style = style + z @ studio.factor.T
            offsets = torch.einsum("nk,lsk->nls", numbers, space.basis) if space.basis.shape[2] else None
        spoken, plain = studio.speak(texts[at % len(texts)], people["pitch"][who, clip, 0], style, offsets)
        heard = studio.hear(spoken, plain, people["a"][who, 1 - clip], people["b"][who, 1 - clip])
        for name, values in heard.items():
            found.setdefault(name, []).append(values)
    return {name: round(float(torch.cat(values).mean()), 4) for name, values in found.items()}


@torch.no_grad()
def shipped(studio: Studio, space: Space) -> dict[str, np.ndarray]:
    """The space in the order and units of the engine's file: see `timbre_space` there."""
    basis = [matrix @ space.basis[layer] for layer, matrix in enumerate(studio.matrices)]
    space.eval()
    _, numbers = space(studio.people["features"].reshape(-1, studio.people["features"].shape[-1]))
    mean, sd = (numbers.mean(0), numbers.std(0)) if numbers.shape[1] else numbers.new_zeros(2, 0)
    found = {
        "basis": torch.cat(basis).T if numbers.shape[1] else numbers.new_zeros(0, sum(size for _, size in LAYERS)),
        "offset_mean": mean,
        "offset_sd": sd,
        "feature_mean": space.feature_mean,
        "feature_sd": space.feature_sd,
    }
    for index, layer in enumerate((space.first, space.second, space.last), 1):
        found[f"w{index}"], found[f"b{index}"] = layer.weight.T, layer.bias
    whole = ("feature_mean", "feature_sd", "offset_mean", "offset_sd")
    return {
        name: values.cpu().numpy().astype(np.float32 if name in whole else np.float16) for name, values in found.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, nargs="+", default=[150.0], help="of each width")
    parser.add_argument("--width", type=int, nargs="+", default=[64], help="numbers of the layers' offsets; 0: none")
    parser.add_argument("--offset-cost", type=float, nargs="+", default=[0.03])
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--device", default="cuda")
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    arguments.out.mkdir(parents=True, exist_ok=True)
    studio = Studio(arguments.data, arguments.device)
    lines = []

    def log(line: dict) -> None:
        lines.append(line)
        print(json.dumps(line), flush=True)

    for number, width in enumerate(arguments.width):
        seconds = arguments.seconds[min(number, len(arguments.seconds) - 1)]
        costs = Costs(offset=arguments.offset_cost[min(number, len(arguments.offset_cost) - 1)])
        result = run(studio, width, arguments.hidden, seconds, arguments.batch, costs, arguments.rate, log)
        np.savez_compressed(arguments.out / f"space{number}.npz", **shipped(studio, result["space"]))
        (arguments.out / "log.json").write_text("\n".join(json.dumps(line) for line in lines))


if __name__ == "__main__":
    main()
