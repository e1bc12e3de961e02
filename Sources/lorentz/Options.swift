// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Runtime
import Study
import Torch

/// What all commands with a configuration take.
struct ConfigurationOptions: ParsableArguments {
  @Argument(help: "The YAML configuration.", completion: .file(extensions: ["yaml", "yml"]))
  var configuration: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("Override a value, as in pretraining.epochs=5.", valueName: "key=value"))
  var overrides: [String] = []

  @Flag(help: "Print JSON for machines, and no progress.")
  var json = false

  func load() throws -> StudyConfiguration {
    try StudyConfiguration(path: configuration, overrides: overrides)
  }

  var progress: ProgressReporter { ProgressReporter(isQuiet: json) }
}

/// Where a model is trained or run.
struct DeviceOptions: ParsableArguments {
  @Option(help: "Where to compute: cpu, cuda or cuda:N.")
  var device = "cpu"

  @Option(help: "Processor threads; 0 leaves the choice to LibTorch.")
  var threads = 0

  func choose() throws -> Device {
    if threads > 0 { Threads.setCount(threads) }
    return try Device(parsing: device)
  }
}

/// Prints a value as JSON on standard output.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  print(String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// Prints a line on standard error.
func printError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
