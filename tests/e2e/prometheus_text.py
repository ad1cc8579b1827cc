# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A strict reader of Prometheus text format 0.0.4: what the format leaves open must be as our programs write it."""
import dataclasses
import re
import time
import urllib.request

from programs import Gateway

WAIT_S = 120
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
HELP = re.compile(r"# HELP ([a-z_]+) (\S.*\.)")
TYPE = re.compile(r"# TYPE ([a-z_]+) (counter|gauge|histogram)")
SAMPLE = re.compile(r"([a-z_]+)(?:\{(.*)\})? (-?[0-9][0-9.e+-]*)")
LABEL = re.compile(r'([a-z]+)="([^"\\]+)"')


@dataclasses.dataclass
class Family:
    """A metric with its samples, by suffix of the name and labels."""

    name: str
    kind: str
    help: str
    samples: dict

    def label_names(self):
        """Of its samples, but le."""
        return {name for _, labels in self.samples for name, _ in labels} - {"le"}


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.families = read(text)

    def value(self, name, **labels):
        """The sum of a metric's samples that have these labels."""
        return self.suffixed(name, "", **labels)

    def has(self, name):
        """Whether the metric is known."""
        return bool(self.families[name].samples)

    def count(self, histogram):
        """How many were observed."""
        return self.suffixed(histogram, "_count")

    def sum(self, histogram):
        """The sum of what was observed."""
        return self.suffixed(histogram, "_sum")

    def suffixed(self, name, suffix, **labels):
        """The sum of the samples with this suffix and these labels."""
        values = [value for (has_suffix, has_labels), value in self.families[name].samples.items()
                  if has_suffix == suffix and set(labels.items()) <= set(has_labels)]
        assert values, f"{name} has no sample with {labels}"
        return sum(values)


def admin_of(program):
    """The admin port of a parleyd or a gateway."""
    is_gateway = isinstance(program, Gateway)
    return f"127.0.0.1:{program.admin_port}" if is_gateway else program.environment["PARLEY_ADMIN_LISTEN"]


def metrics_of(program):
    """One scrape of it."""
    return Metrics(text_of(admin_of(program)))


def await_metrics(program, condition):
    """Scrapes until the condition holds."""
    deadline = time.monotonic() + WAIT_S
    while True:
        metrics = metrics_of(program)
        if condition(metrics):
            return metrics
        assert time.monotonic() < deadline, program.log_text()
        time.sleep(0.02)


def text_of(address):
    """What an admin port says now."""
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=60) as answer:
        assert answer.headers["content-type"] == CONTENT_TYPE
        return answer.read().decode()


def read(text):
    """The families by name, each checked."""
    assert text.endswith("\n") and "\n\n" not in text
    families = {}
    family = None
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("#"):
            family = begin(line, next(lines))
            assert family.name not in families, f"{family.name} is there twice"
            families[family.name] = family
        else:
            take_sample(family, line)
    for family in families.values():
        check(family)
    return families


def begin(help_line, type_line):
    """A family by its two lines."""
    name, text = HELP.fullmatch(help_line).groups()
    type_name, kind = TYPE.fullmatch(type_line).groups()
    assert name == type_name, type_line
    return Family(name, kind, text, {})


def take_sample(family, line):
    """One line of a family."""
    match = SAMPLE.fullmatch(line)
    assert match and family, line
    name, labels, value = match.groups()
    assert name.startswith(family.name), f"{line} is not of {family.name}"
    suffix = name[len(family.name):]
    assert suffix in ({"_bucket", "_sum", "_count"} if family.kind == "histogram" else {""}), line
    pairs = tuple(LABEL.findall(labels)) if labels else ()
    assert ",".join(f'{key}="{text}"' for key, text in pairs) == (labels or ""), line
    assert (suffix, pairs) not in family.samples, f"{line} is there twice"
    family.samples[suffix, pairs] = float(value)


def check(family):
    """What holds for all samples of a family."""
    assert (family.kind == "counter") == family.name.endswith("_total"), family.name
    assert len({tuple(key for key, _ in labels) for suffix, labels in family.samples if suffix != "_bucket"}) <= 1
    if family.kind == "histogram":
        check_histogram(family)
    if family.kind == "counter":
        assert all(value >= 0 for value in family.samples.values()), family.name


def check_histogram(family):
    """Bounds rise, counts are cumulative, the last is all of them."""
    buckets = [(float(dict(labels)["le"]), value) for (suffix, labels), value in family.samples.items()
               if suffix == "_bucket"]
    bounds, counts = zip(*buckets)
    assert list(bounds) == sorted(set(bounds)) and bounds[-1] == float("inf"), family.name
    assert list(counts) == sorted(counts), family.name
    assert counts[-1] == family.samples["_count", ()], family.name
    assert family.samples["_sum", ()] >= 0, family.name
