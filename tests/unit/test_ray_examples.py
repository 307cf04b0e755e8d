"""The files of examples/ray are what the tools that read them take, and agree with the application."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.kuberay_schema import RAY_SERVICE
from tests.kubernetes_schema import find_faults, kubernetes_type
from tests.ray_cluster import ray_environment

EXAMPLES = Path(__file__).parents[2] / "examples" / "ray"

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (extra `ray`)"),
    pytest.mark.filterwarnings("ignore"),  # of Ray's, at its import
]


def load(name: str) -> Any:
    return yaml.safe_load((EXAMPLES / name).read_text())


def serve_configs() -> dict[str, Any]:
    manifest = load("kuberay.yaml")
    names = ("one-machine.yaml", "many-machines.yaml")
    return {name: load(name) for name in names} | {"kuberay.yaml": yaml.safe_load(manifest["spec"]["serveConfigV2"])}


@pytest.mark.parametrize("name", ["one-machine.yaml", "many-machines.yaml", "kuberay.yaml"])
def test_serve_takes_the_config(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By Serve's own schema; the deployments it names are the application's, and no address gets into a log."""
    from ray.serve.schema import ServeDeploySchema

    from myna.deploy.ray_app import build

    monkeypatch.setenv("MYNA_DATABASE_URL", "postgresql://db/myna")
    monkeypatch.setenv("MYNA_BLOB_URL", "s3://voices")
    monkeypatch.setenv("MYNA_TOKEN_SECRET", "a secret of tests and of nothing else")
    config = ServeDeploySchema(**serve_configs()[name])
    (application,) = config.applications
    assert application.import_path == f"{build.__module__}:{build.__name__}"
    assert {one.name for one in application.deployments} <= {"api", "engine", "leisure", "listening"}
    assert config.logging_config is not None
    assert not config.logging_config.enable_access_log
    assert build({})._bound_deployment.name == "api"


def test_ray_up_takes_the_cluster() -> None:
    """By the schema of its autoscaler; the Serve config that it copies is there."""
    import jsonschema
    import ray.autoscaler

    cluster = load("cluster.yaml")
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    jsonschema.validate(cluster, schema)
    assert (EXAMPLES / Path(cluster["file_mounts"]["~/serve.yaml"]).name).exists()


def test_kubernetes_takes_the_manifests() -> None:
    """By its own types; the `RayService` by our reading of KubeRay's. A word that there is not is found in each."""
    import jsonschema

    manifest = load("kuberay.yaml")
    jsonschema.validate(manifest, RAY_SERVICE)
    cluster = manifest["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    pod = kubernetes_type("v1", "PodTemplateSpec")
    assert [find_faults(group["template"], pod) for group in groups] == [[]] * len(groups)
    for part in yaml.safe_load_all((EXAMPLES / "state.yaml").read_text()):
        assert find_faults(part, kubernetes_type(part["apiVersion"], part["kind"])) == []

    container = groups[0]["template"]["spec"]["containers"][0]
    container["imagePullPolici"] = "Always"
    del container["name"]
    assert {fault.rpartition(".")[2] for fault in find_faults(groups[0]["template"], pod)} == {
        "name is missing",
        "imagePullPolici is unknown",
    }
    groups[1]["minReplica"] = 1
    with pytest.raises(jsonschema.ValidationError, match="minReplica"):
        jsonschema.validate(manifest, RAY_SERVICE)


def test_the_manifests_agree() -> None:
    """Ray's version is the one that is tested; every container has Ray's settings and ours, which name the state beside
    it."""
    import ray

    spec = load("kuberay.yaml")["spec"]["rayClusterConfig"]
    assert spec["rayVersion"] == ray.__version__
    groups = [spec["headGroupSpec"], *spec["workerGroupSpecs"]]
    containers = [container for group in groups for container in group["template"]["spec"]["containers"]]
    state = list(yaml.safe_load_all((EXAMPLES / "state.yaml").read_text()))
    named = {(part["kind"], part["metadata"]["name"]) for part in state}
    for container in containers:
        for_ray, ours = container["envFrom"]
        assert ("ConfigMap", for_ray["configMapRef"]["name"]) in named
        assert ("Secret", ours["secretRef"]["name"]) in named
    assert next(part["data"] for part in state if part["kind"] == "ConfigMap") == ray_environment()
    settings = next(part["stringData"] for part in state if part["kind"] == "Secret")
    assert {("Service", "myna-postgres"), ("Service", "myna-s3")} <= named
    memory = spec["gcsFaultToleranceOptions"]
    assert ("Service", memory["redisAddress"].partition(":")[0]) in named
    password = memory["redisPassword"]["valueFrom"]["secretKeyRef"]
    assert ("Secret", password["name"]) in named
    assert password["key"] in settings
    assert "@myna-postgres/" in settings["MYNA_DATABASE_URL"]
    assert settings["MYNA_BLOB_URL"].startswith("s3://")
    assert "//myna-s3:" in settings["AWS_ENDPOINT_URL"]
