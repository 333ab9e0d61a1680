"""What the store keeps of local weights that were asked, for manifests and cards: no path, which is of no use elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from understudy.doors.local.naming import sha256_in
from understudy.doors.local.weights import ENGINE, Weights
from understudy.keys import key
from understudy.parameters import LocalServing

VERSION = 1


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Weights and how they were served, in the order of the table's columns. `revision` and `licence` are empty where nobody says them."""

    model: str
    name: str
    quantization: str
    weights_sha256: str
    source: str
    revision: str
    licence: str
    served_by: str
    n_slots: int
    prefix_cache: bool

    @property
    def key(self) -> str:
        """The content key of the row."""
        return key("local_model", VERSION, **asdict(self))


def facts_of(model: str, weights: Weights, serving: LocalServing) -> ServedModel:
    """What is known of a model by its name in keys, its weights, and how it is served."""
    header = weights.header
    try:
        served_by = f"{ENGINE} {version(ENGINE)}"
    except PackageNotFoundError:
        served_by = f"{ENGINE} of an unknown version"
    return ServedModel(
        model, header.name, header.quantization, sha256_in(model), weights.source, weights.revision, header.licence, served_by,
        serving.n_slots, serving.prefix_cache,
    )  # fmt: skip
