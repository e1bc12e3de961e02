# SPDX-License-Identifier: Apache-2.0
"""A process that takes part in a comparison."""

import json
import subprocess

from settings import ROOT, bound, environment


class Contestant:
    """A process that works when it is told to."""

    def __init__(self, name, command, store, threads):
        self.name = name
        self.answers = []
        command = [store if part == "STORE" else part for part in command]
        self.process = subprocess.Popen(
            bound(command, threads), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=environment(name), cwd=ROOT,
        )

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            words = self.process.stderr.read().strip().splitlines()[-3:]
            raise RuntimeError(f"{self.name} ended: " + " / ".join(words))
        return line.strip()

    def wait_until_ready(self):
        while self.read() != "ready":
            pass

    def go(self, seconds):
        self.process.stdin.write(f"go {seconds}\n")
        self.process.stdin.flush()
        self.answers.append(json.loads(self.read()))

    def rates(self):
        return [answer["events"] / answer["seconds"] for answer in self.answers]

    def end(self):
        self.process.kill()
        self.process.wait()
