"""Do manifests fit Kubernetes' own types? They are generated from its API description: `lightkube-models`."""

import dataclasses
import importlib
import sys
from types import ModuleType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def kubernetes_type(api_version: str, kind: str) -> type:
    """Such as `apps/v1`, `StatefulSet`."""
    # Of the client that usually goes with these types they need three names.
    schema = ModuleType("lightkube.core.schema")
    vars(schema).update(DictMixin=object, field=dataclasses.field, dataclass=dataclasses.dataclass)
    sys.modules.setdefault("lightkube.core", ModuleType("lightkube.core"))
    sys.modules.setdefault("lightkube.core.schema", schema)
    group, _, version = api_version.rpartition("/")
    found: type = getattr(importlib.import_module(f"lightkube.models.{group or 'core'}_{version}"), kind)
    return found


def find_faults(thing: Any, kind: Any, path: str = "") -> list[str]:
    """Fields that there are not, are missing, or of another type."""
    if get_origin(kind) in {Union, UnionType}:
        kinds = [one for one in get_args(kind) if one is not NoneType or thing is None]
        return min((find_faults(thing, one, path) for one in kinds), key=len)
    if get_origin(kind) is list and isinstance(thing, list):
        return [fault for one in thing for fault in find_faults(one, get_args(kind)[0], f"{path}[]")]
    if get_origin(kind) is dict and isinstance(thing, dict):
        return [fault for one in thing.values() for fault in find_faults(one, get_args(kind)[1], f"{path}{{}}")]
    if not dataclasses.is_dataclass(kind) or not isinstance(thing, dict):
        return [] if kind is Any or isinstance(thing, get_origin(kind) or kind) else [f"{path}: {thing!r}"]
    fields, hints = dataclasses.fields(kind), get_type_hints(kind)
    needed = {
        field.name
        for field in fields
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }
    return [
        *(f"{path}.{name} is missing" for name in needed - thing.keys()),
        *(f"{path}.{name} is unknown" for name in thing.keys() - hints.keys()),
        *(
            fault
            for name in thing.keys() & hints.keys()
            for fault in find_faults(thing[name], hints[name], f"{path}.{name}")
        ),
    ]
