// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The part of the benchmark that is Lorentz; `Benchmarks/bench.py` runs it beside its peers.
@main
struct LorentzBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lorentz-bench",
    abstract: "Measure training, scoring and reading; see Benchmarks/README.md.",
    subcommands: [
      DigestCommand.self, EventsCommand.self, FuzzCommand.self, ReadCommand.self, WorkCommand.self,
    ])
}
