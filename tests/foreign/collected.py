"""What rotel prints of the traces and metrics that it receives."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

SPAN = re.compile(
    r"^Span #\d+\n"
    r" *Trace ID *: (?P<trace>[0-9a-f]*)\n *Parent ID *: (?P<parent>[0-9a-f]*)\n *ID *: (?P<id>[0-9a-f]*)\n"
    r" *Name *: (?P<name>.*)\n(?P<rest>(?:(?!Span #|ResourceSpans|ScopeSpans|ResourceMetrics).*\n)*)",
    re.MULTILINE,
)
METHOD = re.compile(r"-> method: Str\((.*)\)")
SERVICE = re.compile(r"-> service\.name: Str\((.*)\)")
METRIC = re.compile(r"^Descriptor:\n *-> Name: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class Span:
    """A span; `method` is the command that a desk handled."""

    trace: str
    parent: str
    id: str
    name: str
    method: str


class Collected:
    """The collector's output, read anew for every question."""

    def __init__(self, path):
        self.path = path

    def text(self):
        return self.path.read_text(errors="replace")

    def traces(self):
        """The spans of each trace."""
        traces = defaultdict(list)
        for found in SPAN.finditer(self.text()):
            method = METHOD.search(found["rest"])
            span = Span(found["trace"], found["parent"], found["id"], found["name"], method[1] if method else "")
            traces[span.trace].append(span)
        return traces

    def trace(self, root, *spans, methods=()):
        """The trace that begins with `root` and has these spans, and has handled these commands; None if there is none."""
        for trace in self.traces().values():
            names, handled = {span.name for span in trace}, {span.method for span in trace}
            begins = any(span.name == root and not span.parent for span in trace)
            if begins and names >= set(spans) and handled >= set(methods):
                return trace
        return None

    def overview(self):
        """What was received instead."""
        spans = (f"{span.name} {span.method}" for trace in self.traces().values() for span in trace)
        return dict(Counter(spans))

    def metrics(self):
        """The metrics' names."""
        return set(METRIC.findall(self.text()))

    def services(self):
        """Which programs have sent metrics."""
        parts = self.text().split("ResourceMetrics #")[1:]
        return {found[1] for part in parts if (found := SERVICE.search(part))}
