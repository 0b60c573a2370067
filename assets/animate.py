#!/usr/bin/env python3
"""Makes the moving picture of README from a recording: assets/animate.py EDOT-TUI RECORDING > assets/run.svg

Each frame is `edot-tui report -o svg --at …`; what two frames have in common is drawn once. The recording is of
`edot-tui record --scenario guide --seed 7 --simulate`.
"""
import subprocess
import sys

SIZE = "110x32"
# Seconds after the load's start, which is 30 s after the recording's.
MOMENTS = [-5, 20, 40, 48, 60, 78, 100, 150, 220, 300, 325, 335, 350, 390]
FRAME, LAST = 1.1, 3.0


def frame(program, recording, moment):
    at = moment + 30
    command = [program, "report", recording, "-o", "svg", "--size", SIZE, "--at", f"{at // 60}:{at % 60:02}"]
    # Exit code 4 is a verdict that failed so far, and no error.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not done.stdout.startswith("<svg"):
        sys.exit(done.stderr)
    lines = done.stdout.splitlines()
    return lines[:3], [line for line in lines[3:] if line.startswith(("<text", "<rect"))]


def main():
    program, recording = sys.argv[1:]
    frames = [frame(program, recording, moment) for moment in MOMENTS]
    total = FRAME * (len(frames) - 1) + LAST
    # A run of frames that share an element shows it together: one group for each run.
    groups = {}
    for line in dict.fromkeys(line for _, lines in frames for line in lines):
        shown = [i for i, (_, lines) in enumerate(frames) if line in set(lines)]
        first = last = shown[0]
        for i in shown[1:] + [None]:
            if i == last + 1 if i is not None else False:
                last = i
                continue
            groups.setdefault((first, last), []).append(line)
            first = last = i
    head = frames[0][0]
    print(head[0])
    print("<style>g g{visibility:hidden;animation-duration:%.1fs;animation-iteration-count:infinite;animation-timing-function:step-end}" % total)
    for first, last in sorted(groups):
        a = 100 * FRAME * first / total
        b = 100 * FRAME * (last + 1) / total if last + 1 < len(frames) else 100
        steps = f"0%{{visibility:{'visible' if first == 0 else 'hidden'}}}"
        if first > 0:
            steps += f"{a:.2f}%{{visibility:visible}}"
        if b < 100:
            steps += f"{b:.2f}%{{visibility:hidden}}"
        print(f".f{first}-{last}{{animation-name:f{first}-{last}}}@keyframes f{first}-{last}{{{steps}}}")
    # Where nothing is to move, the run is shown at its height.
    still = ",".join(f".f{a}-{b}" for a, b in sorted(groups) if a <= 8 <= b)
    print(f"@media (prefers-reduced-motion:reduce){{g g{{animation:none}}{still}{{visibility:visible}}}}</style>")
    print("\n".join(head[1:]))
    # No ground is drawn over another group's text.
    for kind in ["<rect", "<text"]:
        for first, last in sorted(groups):
            lines = [line for line in groups[first, last] if line.startswith(kind)]
            if lines:
                print(f'<g class="f{first}-{last}">', *lines, "</g>", sep="\n")
    print("</g>\n</svg>")


main()
