"""Draw each row beside its target, and the course of a soak."""
try:
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "downlink"})
    from matplotlib import pyplot
except ImportError:
    pyplot = None

BAR = {True: "#2a7f62", False: "#b3432b"}


def draw(rows, machine, path):
    """Draw a bar for each check that has a target, with the target at 1 on a logarithmic axis; to the right is
    better. Without matplotlib, draw nothing."""
    checks = [(f"{row.name}: {check['what']}", check) for row in rows for check in row.checks
              if check["target"] and check["low"] > 0]
    if not pyplot or not checks:
        return
    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.42 * len(checks)))
    for place, (_, check) in enumerate(reversed(checks)):
        low, middle, high = sorted(goodness(check, check[name]) for name in ("low", "median", "high"))
        axes.barh(place, middle, color=BAR[check["met"]], height=0.6)
        axes.plot([low, high], [place, place], color="black", linewidth=1)
        axes.text(max(high, 1) * 1.05, place, figures(check), va="center", fontsize=8)
    axes.set_yticks(range(len(checks)), [name for name, _ in reversed(checks)], fontsize=8)
    axes.set_xscale("log")
    axes.axvline(1, color="black", linestyle="--", linewidth=1)
    axes.set_xlim(right=axes.get_xlim()[1] * 4)
    axes.set_xlabel("target = 1; to the right is better; the line is lowest to highest of the rounds",
                    fontsize=8)
    axes.set_title(f"{machine['cpu']}, {machine['cores']} cores, commit {machine['commit'][:10]}",
                   fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def draw_soak(samples, slices, restarts, machine, path):
    """Draw memory, latency, journal and rate over time, with a line for each restart."""
    if not pyplot:
        return
    panels = (("resident, MiB", samples, ("gateway_mib", "processor_mib"), "linear"),
              ("latency, ms", slices, ("p50_ms", "p99_ms"), "log"),
              ("messages a second", slices, ("rate",), "linear"),
              ("journal, MiB", samples, ("journal_mib",), "linear"))
    figure, every = pyplot.subplots(len(panels), 1, figsize=(9, 9), sharex=True)
    for axes, (label, points, names, scale) in zip(every, panels):
        for name in names:
            axes.plot([point["at_s"] for point in points], [point[name] for point in points],
                      linewidth=1, label=name)
        for restart in restarts:
            axes.axvline(restart["at_s"], color="grey", linewidth=0.4,
                         linestyle="-" if restart["how"] == "killed" else ":")
        axes.set_ylabel(label, fontsize=8)
        axes.set_yscale(scale)
        if scale == "linear":
            axes.set_ylim(0, 1.2 * max(point[name] for point in points for name in names))
        axes.legend(fontsize=7, loc="upper right")
    every[-1].set_xlabel("seconds; a line is a processor killed (whole) or stopped (dotted)",
                         fontsize=8)
    every[0].set_title(f"{machine['cpu']}, {machine['cores']} cores, commit "
                       f"{machine['commit'][:10]}", fontsize=9)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


def goodness(check, value):
    return value / check["target"] if check["bound"] == ">=" else check["target"] / value


def figures(check):
    return f"{check['median']:,.3g} ({check['bound']} {check['target']:,})"
