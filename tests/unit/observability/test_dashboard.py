"""The Grafana dashboard asks for metrics and labels that exist, and for all of ours."""

import json
import re
from pathlib import Path

from myna.observability.metrics import METRICS, Metrics

DASHBOARD = Path(__file__).parents[3] / "examples" / "observability" / "dashboard.json"
LABELS = {row.name: {*row.labels, "instance", "le"} for row in METRICS}
NAME = re.compile(r"\b(?:myna|process)_\w+")


def base_name(name: str) -> str:
    """Of a histogram's parts."""
    whole = re.sub(r"_(bucket|sum|count)$", "", name)
    return whole if whole in LABELS else name


def test_the_dashboard_fits_what_is_served() -> None:
    """By the page that Prometheus reads: every name and label in a query is there, every metric of ours is shown."""
    served = set(re.findall(r"^# TYPE (\S+)", Metrics().render()[0].decode(), re.MULTILINE))
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    asked = set()
    for panel in panels:
        assert panel["description"], panel["title"]
        for target in panel["targets"]:
            expression = target["expr"]
            names = {base_name(name) for name in NAME.findall(expression)}
            assert names, expression
            asked |= names
            labels = set(re.findall(r"(\w+)=~?\"", expression)) | set(
                re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])
            )
            for group in re.findall(r"by \(([^)]*)\)", expression):
                labels |= set(group.split(", "))
            for name in names:
                assert labels <= LABELS.get(name, {"instance"}), expression
    assert asked - served == set()
    assert {row.name for row in METRICS} <= asked
    variable = dashboard["templating"]["list"][1]["query"]["query"]
    assert NAME.findall(variable)[0] in served
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(places)) == len(places)
