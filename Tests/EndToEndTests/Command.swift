// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The built command, run as users run it.
enum Command {
  /// What a run of the command left.
  struct Outcome {
    var status: Int32
    /// Whether a signal ended it: a crash.
    var wasKilled: Bool
    var output: String
    var error: String

    /// Standard output as JSON; an error if anything else is there.
    func json() throws -> [String: Any] {
      let value = try JSONSerialization.jsonObject(with: Data(output.utf8))
      return try #require(value as? [String: Any])
    }
  }

  /// The command beside the test bundle: both are products of the same build.
  static let path: String = {
    let address = UInt(bitPattern: #dsohandle)
    let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
    for line in maps.split(separator: "\n") {
      // 7f0000000000-7f0000001000 r-xp 00000000 08:01 1234    /path/of/the/file
      let parts = line.split(separator: " ", maxSplits: 5)
      guard parts.count == 6 else { continue }
      let bounds = parts[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard bounds.count == 2, bounds[0] <= address, address < bounds[1] else { continue }
      let bundle = parts[5].drop { $0 == " " }
      return URL(fileURLWithPath: String(bundle)).deletingLastPathComponent()
        .appendingPathComponent("lorentz").path
    }
    return "lorentz"
  }()

  /// The folder of the embedded samples.
  static let samples = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Samples").path

  /// Runs the command to its end.
  ///
  /// - Parameters:
  ///   - arguments: What follows the command's name.
  ///   - folder: The current folder of the command.
  ///   - shell: Shell code in front of the command, as in `ulimit -f 100;`.
  /// - Returns: What it left.
  /// - Throws: What starting a process throws.
  static func run(
    _ arguments: [String], in folder: String? = nil, shell: String? = nil
  ) throws -> Outcome {
    try start(arguments, in: folder, shell: shell).wait()
  }

  /// Starts the command.
  static func start(
    _ arguments: [String], in folder: String? = nil, shell: String? = nil
  ) throws -> Running {
    try Running(arguments, folder: folder, shell: shell)
  }

  /// A command that runs.
  ///
  /// Its output goes to files, which never fill up as pipes do.
  final class Running {
    let process = Process()
    private let folder: URL

    init(_ arguments: [String], folder current: String?, shell: String?) throws {
      folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("lorentz-output-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      for name in ["out", "err"] {
        try Data().write(to: folder.appendingPathComponent(name))
      }
      if let shell {
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", shell + " exec \"$0\" \"$@\"", Command.path] + arguments
      } else {
        process.executableURL = URL(fileURLWithPath: Command.path)
        process.arguments = arguments
      }
      if let current { process.currentDirectoryURL = URL(fileURLWithPath: current) }
      // One thread each: tests run side by side, and sums then have one order.
      process.environment = ProcessInfo.processInfo.environment
        .merging(["OMP_NUM_THREADS": "1"]) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(
        forWritingTo: folder.appendingPathComponent("out"))
      process.standardError = try FileHandle(forWritingTo: folder.appendingPathComponent("err"))
      try process.run()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func wait() throws -> Outcome {
      process.waitUntilExit()
      func text(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: folder.appendingPathComponent(name)), as: UTF8.self)
      }
      return Outcome(
        status: process.terminationStatus,
        wasKilled: process.terminationReason == .uncaughtSignal, output: try text("out"),
        error: try text("err"))
    }
  }
}

/// Expects a failure with one message, whose parts are given; nothing of Swift's may show.
func expectFailure(
  _ outcome: Command.Outcome, status: Int32 = 1, says parts: [String],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.status == status, "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(!outcome.wasKilled, "\(outcome.error)", sourceLocation: sourceLocation)
  for part in parts {
    #expect(outcome.error.contains(part), "\(outcome.error)", sourceLocation: sourceLocation)
  }
  for word in ["Fatal error", "Optional(", "DecodingError", "CodingKeys", "NSCocoa", "Error("] {
    #expect(!outcome.error.contains(word), "\(outcome.error)", sourceLocation: sourceLocation)
  }
  if status == 1 {
    let own = outcome.error.components(separatedBy: "lorentz: ").count - 1
    #expect(
      outcome.error.hasPrefix("lorentz: ") || own >= 1, "\(outcome.error)",
      sourceLocation: sourceLocation)
  }
}
