"""The fields of KubeRay's `RayService` (ray.io/v1), as its custom resource definition has them.

That is `ray.io_rayservices.yaml` of the repository ray-project/kuberay at commit 02a80a6f2abf, on its way to 1.8. It is
in no package of PyPI, npm or Debian, so each field, type, list of words and list of what is required was read from it
and written down here. Stricter than Kubernetes, which drops a field that it does not know: here it is refused. Pod
templates, services and other types of Kubernetes' own are checked by its schemas, not here.
"""

from typing import Any

_INTEGER = {"type": "integer", "minimum": 0}
_STRING = {"type": "string"}
_BOOLEAN = {"type": "boolean"}
_KUBERNETES = {"type": "object"}
_STRINGS = {"type": "object", "additionalProperties": _STRING}
_LIST = {"type": "array"}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def _one_of(*words: str) -> dict[str, Any]:
    return {"enum": list(words)}


_AUTOSCALER = _object(
    resources=_KUBERNETES,
    image=_STRING,
    imagePullPolicy=_STRING,
    securityContext=_KUBERNETES,
    args=_LIST,
    command=_LIST,
    idleTimeoutSeconds=_INTEGER,
    upscalingMode=_one_of("Default", "Aggressive", "Conservative"),
    version=_one_of("v1", "v2"),
    env=_LIST,
    envFrom=_LIST,
    volumeMounts=_LIST,
)
_HEAD = _object(
    ("template",),
    template=_KUBERNETES,
    headService=_KUBERNETES,
    enableIngress=_BOOLEAN,
    ingressOptions=_object(
        host=_STRING, path=_STRING, pathType=_one_of("Exact", "Prefix", "ImplementationSpecific"), tls=_LIST
    ),
    resources=_STRINGS,
    labels=_STRINGS,
    rayStartParams=_STRINGS,
    serviceType=_STRING,
)
_WORKERS = _object(
    ("groupName", "minReplicas", "maxReplicas", "template"),
    groupName=_STRING,
    replicas=_INTEGER,
    minReplicas=_INTEGER,
    maxReplicas=_INTEGER,
    idleTimeoutSeconds=_INTEGER,
    priority=_INTEGER,
    resources=_STRINGS,
    labels=_STRINGS,
    rayStartParams=_STRINGS,
    scaleStrategy=_object(scaleGate=_LIST, workersToDelete=_LIST),
    suspend=_BOOLEAN,
    template=_KUBERNETES,
    topology=_object(labelMappings=_LIST),
    numOfHosts=_INTEGER,
)
_MANAGER = _one_of("ray.io/kuberay-operator", "kueue.x-k8s.io/multikueue")
_CLUSTER = _object(
    ("headGroupSpec",),
    authOptions=_object(mode=_one_of("disabled", "token"), secretName=_STRING, enableK8sTokenAuth=_BOOLEAN),
    suspend=_BOOLEAN,
    autoscalerOptions=_AUTOSCALER,
    headServiceAnnotations=_STRINGS,
    enableInTreeAutoscaling=_BOOLEAN,
    gcsFaultToleranceOptions=_object(
        activePassiveHeadOptions=_KUBERNETES,
        backend=_one_of("redis", "rocksdb"),
        externalStorageNamespace=_STRING,
        redisAddress=_STRING,
        redisPassword=_KUBERNETES,
        redisUsername=_KUBERNETES,
        storage=_KUBERNETES,
    ),
    headGroupSpec=_HEAD,
    historyServerOptions=_object(collectorOptions=_KUBERNETES),
    idleSuspend=_BOOLEAN,
    idleTerminationOptions=_object(("timeoutSeconds",), policy=_one_of("Delete", "Suspend"), timeoutSeconds=_INTEGER),
    managedBy=_MANAGER,
    networkPolicy=_object(
        head=_KUBERNETES,
        mode=_one_of("DenyAll", "DenyAllIngress", "DenyAllEgress"),
        worker=_KUBERNETES,
        workerGroups=_LIST,
    ),
    tlsOptions=_object(enabled=_BOOLEAN),
    upgradeStrategy=_object(type=_one_of("Recreate", "None")),
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
        deploymentUnhealthySecondThreshold=_INTEGER,
        serviceUnhealthySecondThreshold=_INTEGER,
        managedBy=_MANAGER,
        suspend=_BOOLEAN,
        serveService=_KUBERNETES,
        upgradeStrategy=_object(
            type=_STRING,
            clusterUpgradeOptions=_object(
                ("gatewayClassName", "intervalSeconds", "stepSizePercent"),
                gatewayClassName=_STRING,
                intervalSeconds=_INTEGER,
                maxSurgePercent=_INTEGER,
                stepSizePercent=_INTEGER,
            ),
        ),
        serveConfigV2=_STRING,
        rayClusterConfig=_CLUSTER,
        excludeHeadPodFromServeSvc=_BOOLEAN,
    ),
)
