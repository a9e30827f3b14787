"""A row of the table: what was measured, what it is held against, and how that reads."""
import json

from harness import median


def readable(value):
    """Three digits that matter."""
    if value == 0 or not isinstance(value, (int, float)):
        return str(value)
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Row:
    def __init__(self, name, title):
        self.name, self.title = name, title
        self.series = {}  # who -> {"unit", "values": one a round}
        self.checks = []  # what has a target
        self.notes = []
        self.failed = False
        self.details = {}

    def add(self, who, unit, value):
        self.series.setdefault(who, {"unit": unit, "values": []})["values"].append(value)

    def note(self, text):
        if text not in self.notes:
            self.notes.append(text)

    def detail(self, name, value):
        """Kept in the JSON, one a round, and not shown."""
        self.details.setdefault(name, []).append(value)

    def check(self, what, values, bound, target):
        """bound: '>=' or '<='."""
        middle = median(values)
        met = middle >= target if bound == ">=" else middle <= target
        self.checks.append({"what": what, "values": values, "median": middle, "low": min(values),
                            "high": max(values), "bound": bound, "target": target, "met": met})

    def check_series(self, who, bound, target):
        self.check(f"{who}, {self.series[who]['unit']}", self.series[who]["values"], bound, target)

    def check_ratio(self, who, peer, bound, target, inverse=False):
        """Round by round, since what disturbs one round disturbs both in it."""
        if peer not in self.series:
            return
        ours, theirs = self.series[who]["values"], self.series[peer]["values"]
        pairs = zip(theirs, ours) if inverse else zip(ours, theirs)
        label = f"x {peer}" if who == "downlink" else f"{who} x {peer}"
        self.check(label, [one / other for one, other in pairs], bound, target)

    def as_json(self):
        series = {who: {**one, "median": median(one["values"]), "low": min(one["values"]),
                        "high": max(one["values"])} for who, one in self.series.items()}
        return {"name": self.name, "title": self.title, "series": series, "checks": self.checks,
                "notes": self.notes, "details": self.details}

    def lines(self):
        yield f"{self.name}: {self.title}"
        for who, one in self.series.items():
            values = one["values"]
            yield (f"    {who:<28}{readable(median(values)):>12} {one['unit']:<16}"
                   f"{readable(min(values))} to {readable(max(values))}")
        for check in self.checks:
            verdict = "met" if check["met"] else "MISSED"
            target = f"{check['bound']} {readable(check['target'])}"
            yield (f"  = {check['what']:<28}{readable(check['median']):>12} {target:<16}"
                   f"{readable(check['low'])} to {readable(check['high'])}   {verdict}")
        for note in self.notes:
            yield f"    ({note})"


def write(path, machine, settings, rows):
    document = {"machine": machine, "settings": settings, "rows": [row.as_json() for row in rows]}
    path.write_text(json.dumps(document, indent=1) + "\n")
