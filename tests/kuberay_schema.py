"""The fields of KubeRay's `RayService` (ray.io/v1), read from the API reference of KubeRay 1.7.

Its custom resource definition is in no package of PyPI, npm or Debian, so this is our own reading of it, stricter than
Kubernetes would be: a field that is not here is refused. Pod templates and services are Kubernetes' own and checked by
its schemas, not here.
"""

from typing import Any

_INTEGER = {"type": "integer", "minimum": 0}
_STRING = {"type": "string"}
_BOOLEAN = {"type": "boolean"}
_KUBERNETES = {"type": "object"}
_STRINGS = {"type": "object", "additionalProperties": _STRING}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


_AUTOSCALER = _object(
    resources=_KUBERNETES,
    image=_STRING,
    imagePullPolicy=_one_of("Always", "IfNotPresent", "Never"),
    securityContext=_KUBERNETES,
    idleTimeoutSeconds=_INTEGER,
    upscalingMode=_one_of("Default", "Aggressive", "Conservative"),
    version=_one_of("v1", "v2"),
    env={"type": "array"},
    envFrom={"type": "array"},
    volumeMounts={"type": "array"},
)
_HEAD = _object(
    ("template",),
    template=_KUBERNETES,
    headService=_KUBERNETES,
    enableIngress=_BOOLEAN,
    resources=_STRINGS,
    labels=_STRINGS,
    rayStartParams=_STRINGS,
    serviceType=_one_of("ClusterIP", "NodePort", "LoadBalancer"),
)
_WORKERS = _object(
    ("groupName", "minReplicas", "maxReplicas", "template"),
    groupName=_STRING,
    replicas=_INTEGER,
    minReplicas=_INTEGER,
    maxReplicas=_INTEGER,
    idleTimeoutSeconds=_INTEGER,
    resources=_STRINGS,
    labels=_STRINGS,
    rayStartParams=_STRINGS,
    template=_KUBERNETES,
    numOfHosts=_INTEGER,
)
_CLUSTER = _object(
    ("headGroupSpec",),
    authOptions=_object(mode=_one_of("disabled", "token"), secretName=_STRING, enableK8sTokenAuth=_BOOLEAN),
    suspend=_BOOLEAN,
    autoscalerOptions=_AUTOSCALER,
    headServiceAnnotations=_STRINGS,
    enableInTreeAutoscaling=_BOOLEAN,
    gcsFaultToleranceOptions=_KUBERNETES,
    headGroupSpec=_HEAD,
    rayVersion=_STRING,
    workerGroupSpecs={"type": "array", "items": _WORKERS},
)
RAY_SERVICE = _object(
    ("apiVersion", "kind", "metadata", "spec"),
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayService"},
    metadata=_object(("name",), name=_STRING, namespace=_STRING, labels=_STRINGS, annotations=_STRINGS),
    spec=_object(
        ("rayClusterConfig",),
        rayClusterDeletionDelaySeconds=_INTEGER,
        serveService=_KUBERNETES,
        upgradeStrategy=_object(type=_one_of("NewCluster", "None"), clusterUpgradeOptions=_KUBERNETES),
        serveConfigV2=_STRING,
        rayClusterConfig=_CLUSTER,
        excludeHeadPodFromServeSvc=_BOOLEAN,
    ),
)
