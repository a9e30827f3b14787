"""Instructions a message, counted by callgrind: they do not depend on how busy the machine is.

callgrind does not count instructions in the kernel. Each load runs twice, once without messages, and the row shows the
difference, without start, stop and the idle program.
"""
import collections
import pathlib
import re
import shutil
import subprocess

import harness

FUNCTIONS = 40
SINGLES = 5000
BATCHED = 100_000
GET_SECONDS = 4
#  callgrind counts each byte of a `rep stosb` as an instruction, so this setting keeps libc from using it.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.cpu.x86_rep_stosb_threshold=1000000000:"
                                 "glibc.cpu.x86_rep_movsb_threshold=1000000000"}
LINE = re.compile(r"^ *([\d,]+) \([^)]*\) +([^:\n]*):(.*?)(?: \[(.*)\])?$", re.MULTILINE)


def post(system, is_empty, **flags):
    done = 0 if is_empty else harness.launch(system.url, new_connections="no", **flags)["delivered"]
    system.settle()
    return done


def post_one_each(system, is_empty):
    return post(system, is_empty, max_messages=SINGLES, concurrency_level=harness.CONNECTIONS)


def post_batches(system, is_empty):
    return post(system, is_empty, max_messages=BATCHED, rockets=8000, batch=1000,
                concurrency_level=8)


def get_one_each(system, is_empty):
    mark = harness.salt()
    harness.post_rockets_of_get(system.http, mark)
    system.settle()
    return 0 if is_empty else harness.wrk("get.lua", system.url, GET_SECONDS, mark)["requests"]


LOADS = {"POST": post_one_each, "NDJSON": post_batches, "GET": get_one_each}


def run(program, load, is_empty):
    """Return the number of messages, and two counters of instructions: of functions alone, by (object, function);
    and of Downlink's functions with all that they call, by (file, function)."""
    with harness.folder() as folder:
        out = folder / "callgrind"
        wrapper = ("env", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), "valgrind",
                   "--tool=callgrind", f"--callgrind-out-file={out}", "--quiet")
        with harness.System(folder, wrappers={program: wrapper}) as system:
            messages = load(system, is_empty)
            process = (system.gateway if program == "downlink-gateway"
                       else system.processors[0]).process
            process.terminate()
            process.wait(120)
        own, whole = collections.Counter(), collections.Counter()
        for cost, _, function, where in annotated(out, "no"):
            own[pathlib.PurePath(where).name.split(".so")[0] or "other", function] += cost
        for cost, file, function, _ in annotated(out, "yes"):
            if file.startswith(str(harness.ROOT)):
                whole[pathlib.PurePath(file).name, function] += cost
        return messages, own, whole


def annotated(out, inclusive):
    text = subprocess.run(["callgrind_annotate", "--auto=no", "--threshold=100",
                           f"--inclusive={inclusive}", str(out)],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    for number, *names in LINE.findall(text):
        yield int(number.replace(",", "")), *names


def by_object(own):
    objects = collections.Counter()
    for (library, _), cost in own.items():
        objects[library] += cost
    return objects


def listed(counter, messages, most):
    return {" ".join(name) if isinstance(name, tuple) else name: round(cost / messages, 1)
            for name, cost in counter.most_common(most)}


def measure(row, rounds, seconds):
    del rounds, seconds
    if not shutil.which("valgrind"):
        raise harness.Skip("valgrind is not installed")
    for name, load in LOADS.items():
        for program in ("downlink-gateway", "downlink-processor"):
            who = f"{name}, {program.removeprefix('downlink-')}"
            idle, busy = run(program, load, True), run(program, load, False)
            messages, own, whole = busy
            own.subtract(idle[1])
            whole.subtract(idle[2])
            row.add(who, "instructions", sum(own.values()) / messages)
            row.detail(f"{who}: by object", listed(by_object(own), messages, 12))
            row.detail(f"{who}: by function", listed(own, messages, FUNCTIONS))
            row.detail(f"{who}: with what it calls", listed(whole, messages, FUNCTIONS))


ROWS = {"instructions": ("instructions a message, in user mode", measure)}
