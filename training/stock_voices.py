"""Make the stock voices and the style statistics that the engine ships.

    npm pack kokoro-js@1.2.1 && python training/stock_voices.py --packs kokoro-js-1.2.1.tgz

Writes `stock_voices.json`, `stock_voices.npz` (float16, half a kilobyte a voice) and `style_prior.npz` into
`src/myna/engines/kokoro/shipped/`. Every voice is a blend of our own of two or three public packs. What is heard as an
accent sits in both halves of a style: where a language has no pack of the sex that is wanted, the prosody half leans more on the
packs that it has, and the pitch is put right by semitones.
"""

import argparse
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from kokoro_packs import StylePacks, read_packs
from record_digests import SHIPPED, record_digests


class Recipe(NamedTuple):
    name: str
    lang: str
    gender: str
    age_group: str
    description: str
    blend: dict[str, float]
    """Shares of the packs in both halves; in the decoder half alone if `prosody_blend` is given."""
    duration_scale: float = 1.0
    pitch_semitones: float = 0.0
    prosody_blend: dict[str, float] | None = None


RECIPES = (
    Recipe(
        "Dennis",
        "EN_US",
        "male",
        "middle_aged",
        "Calm and friendly, at ease in any text",
        {"am_michael": 0.6, "am_fenrir": 0.25, "am_eric": 0.15},
    ),
    Recipe(
        "Sarah",
        "EN_US",
        "female",
        "young",
        "Warm, curious and natural",
        {"af_heart": 0.45, "af_sarah": 0.4, "af_nova": 0.15},
    ),
    Recipe("Ashley", "EN_US", "female", "young", "Bright, clear and encouraging", {"af_bella": 0.6, "af_aoede": 0.4}),
    Recipe(
        "Hana",
        "EN_US",
        "female",
        "young",
        "Light and lively",
        {"af_kore": 0.45, "jf_alpha": 0.25, "af_sky": 0.3},
        0.97,
        0.6,
    ),
    Recipe("Jason", "EN_US", "male", "young", "Direct and confident", {"am_puck": 0.65, "am_liam": 0.35}),
    Recipe(
        "Clive",
        "EN_GB",
        "male",
        "middle_aged",
        "British, unhurried and precise",
        {"bm_george": 0.6, "bm_daniel": 0.4},
        1.03,
    ),
    Recipe(
        "Craig",
        "EN_US",
        "male",
        "elderly",
        "Weathered and thoughtful",
        {"am_onyx": 0.35, "am_santa": 0.3, "bm_lewis": 0.35},
        1.08,
    ),
    Recipe("Alex", "EN_US", "male", "young", "Energetic and expressive", {"am_echo": 0.6, "am_eric": 0.4}, 0.97),
    Recipe("Olivia", "EN_GB", "female", "young", "British, cheerful and clear", {"bf_emma": 0.65, "bf_isabella": 0.35}),
    Recipe(
        "Hades", "EN_US", "male", "middle_aged", "Deep and commanding", {"am_onyx": 0.7, "am_michael": 0.3}, 1.05, -2.0
    ),
    Recipe(
        "Aarav", "EN_US", "male", "young", "Soft-spoken, with an Indian colour", {"hm_omega": 0.6, "am_michael": 0.4}
    ),
    Recipe("Lucia", "ES_ES", "female", "young", "Warm Spanish", {"ef_dora": 0.75, "af_heart": 0.25}),
    Recipe("Diego", "ES_ES", "male", "middle_aged", "Steady Spanish", {"em_alex": 0.8, "am_michael": 0.2}),
    Recipe("Claire", "FR_FR", "female", "middle_aged", "Composed French", {"ff_siwis": 0.85, "af_heart": 0.15}),
    Recipe(
        "Etienne",
        "FR_FR",
        "male",
        "middle_aged",
        "Quiet French",
        {"bm_fable": 0.4, "im_nicola": 0.3, "ff_siwis": 0.3},
        pitch_semitones=-4.5,
        prosody_blend={"ff_siwis": 0.5, "im_nicola": 0.3, "bm_fable": 0.2},
    ),
    Recipe("Chiara", "IT_IT", "female", "young", "Bright Italian", {"if_sara": 0.8, "af_bella": 0.2}),
    Recipe("Marco", "IT_IT", "male", "middle_aged", "Round Italian", {"im_nicola": 0.8, "am_fenrir": 0.2}),
    Recipe("Beatriz", "PT_BR", "female", "young", "Gentle Brazilian", {"pf_dora": 0.55, "af_river": 0.45}),
    Recipe("Rafael", "PT_BR", "male", "young", "Relaxed Brazilian", {"pm_alex": 0.55, "am_liam": 0.45}),
    Recipe("Priya", "HI_IN", "female", "young", "Clear Hindi", {"hf_alpha": 0.6, "hf_beta": 0.4}),
    Recipe("Rohan", "HI_IN", "male", "middle_aged", "Calm Hindi", {"hm_omega": 0.5, "hm_psi": 0.5}),
    Recipe(
        "Yuki",
        "JA_JP",
        "female",
        "young",
        "Friendly Japanese",
        {"jf_alpha": 0.6, "jf_nezumi": 0.2, "jf_gongitsune": 0.2},
    ),
    Recipe("Kenji", "JA_JP", "male", "middle_aged", "Composed Japanese", {"jm_kumo": 0.85, "am_michael": 0.15}),
    Recipe("Mei", "ZH_CN", "female", "young", "Clear Mandarin", {"zf_xiaoxiao": 0.6, "zf_xiaoyi": 0.4}),
    Recipe("Wei", "ZH_CN", "male", "middle_aged", "Even Mandarin", {"zm_yunjian": 0.5, "zm_yunyang": 0.5}),
)


def blend(packs: StylePacks, recipe: Recipe) -> np.ndarray:
    """Both halves of a style, the decoder's first: [256]."""
    prosody_blend = recipe.prosody_blend or recipe.blend
    return np.concatenate([mix(packs, packs.decoder, recipe.blend), mix(packs, packs.prosody, prosody_blend)])


def mix(packs: StylePacks, half: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """half: [54, 128], one of the tables of `packs`. Returns: [128]."""
    weights = np.array(list(shares.values()))
    assert abs(weights.sum() - 1) < 1e-9, shares
    return weights @ half[[packs.index(name) for name in shares]]


def style_prior(packs: StylePacks) -> dict[str, np.ndarray]:
    """Mean and Cholesky factor of each half; a tenth of the mean variance goes to the diagonal (54 packs, 128 numbers)."""
    prior: dict[str, np.ndarray] = {}
    for half in ("decoder", "prosody"):
        table = getattr(packs, half)
        mean = table.mean(axis=0)
        covariance = (table - mean).T @ (table - mean) / len(table)
        covariance = 0.9 * covariance + 0.1 * np.trace(covariance) / len(mean) * np.eye(len(mean))
        prior[f"{half}_mean"] = mean.astype(np.float32)
        prior[f"{half}_cholesky"] = np.linalg.cholesky(covariance).astype(np.float32)
    return prior


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    arguments = parser.parse_args()
    packs = read_packs(arguments.packs)
    arguments.out.mkdir(parents=True, exist_ok=True)
    styles = np.stack([blend(packs, recipe) for recipe in RECIPES]).astype(np.float16)
    np.savez(arguments.out / "stock_voices.npz", styles=styles)
    described = [
        {
            "name": recipe.name,
            "lang": recipe.lang,
            "gender": recipe.gender,
            "age_group": recipe.age_group,
            "description": recipe.description,
            "duration_scale": recipe.duration_scale,
            "pitch_semitones": recipe.pitch_semitones,
        }
        for recipe in RECIPES
    ]
    (arguments.out / "stock_voices.json").write_text(json.dumps(described, indent=1) + "\n")
    np.savez(arguments.out / "style_prior.npz", **style_prior(packs))
    record_digests()
    print(f"{len(RECIPES)} stock voices from {len(packs.names)} packs -> {arguments.out}")


if __name__ == "__main__":
    main()
