#!/usr/bin/env python3
"""Compares the table of `edot-tui status -A` with `kubectl get hpa -A` on every figure, of a real cluster.

    KUBECONFIG=FILE tests/fleet_agrees.py [EDOT_TUI [KUBECTL ...]]

kubectl is asked before and after, and a row has to agree with one of the two answers: figures change in between. Ends with 1
where a row differs, and prints it. kubectl shows two metrics of an HPA and counts the rest, which is then counted here, too; it
has no name before a metric that is not of a resource.
"""

import re
import subprocess
import sys

program = sys.argv[1] if len(sys.argv) > 1 else "target/debug/edot-tui"
kubectl = sys.argv[2:] or ["kubectl"]
# As kubectl calls them; what it prints besides is its own.
COLUMNS = ["NAMESPACE", "NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS"]


def rows(text):
    """The table's rows by namespace and name, each as a list of cells under COLUMNS."""
    head, *lines = text.splitlines()
    starts = [head.index(name) for name in COLUMNS]
    after = [head.index(name) for name in ("AGE", "RESCALED") if name in head][0]
    ends = starts[1:] + [after]
    found = {}
    for line in lines:
        cells = [line[start:end].strip() for start, end in zip(starts, ends)]
        # Lines below the table are about clusters, and totals.
        if len(line) > starts[-1] and cells[-1].isdigit():
            found[(cells[0], cells[1])] = cells
    return found


def figures(targets):
    """Each metric's figure and target, without its name; what is beyond the second is counted."""
    more = re.search(r" \+ (\d+) more\.\.\.$", targets)
    shown = targets[: more.start()] if more else targets
    each = [re.sub(r"^[^<]*?: ", "", one) for one in shown.split(", ")]
    return each[:2], len(each) + (int(more[1]) if more else 0)


def same(one, other):
    return all(figures(a) == figures(b) if name == "TARGETS" else a == b for name, a, b in zip(COLUMNS, one, other))


def run(command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


before = rows(run([*kubectl, "get", "hpa", "-A"]))
own = rows(run([program, "status", "-A"]))
after = rows(run([*kubectl, "get", "hpa", "-A"]))
differ = 0
for key in sorted(set(own) | (set(before) & set(after))):
    if key in own and any(key in all and same(own[key], all[key]) for all in (before, after)):
        continue
    differ += 1
    print(*key, "differs:", own.get(key), "kubectl:", before.get(key), after.get(key))
print(f"{len(own)} rows, {differ} differ")
sys.exit(1 if differ or not own else 0)
