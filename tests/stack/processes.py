"""Processes of a run, and what they write: standard output as a container runtime keeps it. Ends what it started, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import datetime, timezone


class Processes:
    def __init__(self, folder):
        self.folder = folder
        self.running = {}
        self.readers = []

    def start(self, name, command, env=None, cwd=None, container=None):
        """With `container`, a folder below /var/log/pods, standard output becomes that container's log."""
        log = open(self.folder / f"{name}.log", "wb")
        process = subprocess.Popen(
            [str(word) for word in command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if container else log,
            stderr=log,
            start_new_session=True,
        )
        self.running[name] = process
        if container:
            reader = threading.Thread(target=runtime_log, args=(process.stdout, self.folder / "pods" / container), daemon=True)
            reader.start()
            self.readers.append(reader)
        return process

    def wait_for(self, name, url, seconds=40):
        """Until it answers; its last lines and an end if it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.running[name].poll() is None:
            try:
                return ask(url)
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        tail = (self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-12:]
        sys.exit(f"{name} does not answer at {url}:\n" + "\n".join(tail))

    def stop(self, name, seconds=40):
        process = self.running.pop(name, None)
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            print(f"  {name} did not end within {seconds} s, and was killed")

    def stop_all(self):
        for name in reversed(list(self.running)):
            self.stop(name, 10)

    def all_read(self):
        for reader in self.readers:
            reader.join(5)


def runtime_log(pipe, folder):
    """Lines as containerd writes them: time, stream, F for a whole line or P for a part, text."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "0.log", "wb", buffering=0) as file:
        for line in pipe:
            now = datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "000Z").encode()
            text = line.rstrip(b"\n")
            # The runtime cuts at 16 KiB.
            while len(text) > 16384:
                file.write(now + b" stdout P " + text[:16384] + b"\n")
                text = text[16384:]
            file.write(now + b" stdout F " + text + b"\n")


def ask(url, body=None, method=None):
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text[:1] in (b"{", b"[") else text.decode()
