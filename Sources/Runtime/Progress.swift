// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// Shows how far long work is: a line that renews itself on a terminal, plain lines elsewhere.
///
///     let progress = ProgressReporter(isQuiet: json)
///     progress.update(task: "pretrain", done: 512, total: 34_744, unit: "events", detail: "loss 2.31")
///     // pretrain  512/34744 events  5210/s  7 s left  loss 2.31
///
/// Lines go to standard error, so that standard output holds results alone. Threads may share one.
public final class ProgressReporter: Sendable {
  private struct State {
    var task = ""
    var start = 0.0
    var firstDone = 0
    var shown = -Double.infinity
    var lineIsOpen = false
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let isQuiet: Bool

  /// Makes a reporter.
  ///
  /// - Parameter isQuiet: `true` shows nothing, as for `--json`.
  public init(isQuiet: Bool = false) {
    self.isQuiet = isQuiet
    isTerminal = isatty(STDERR_FILENO) == 1
  }

  /// Shows the state of a task, at most ten times a second on a terminal, every ten seconds elsewhere.
  ///
  /// - Parameters:
  ///   - task: What is being done; another name starts the clock anew.
  ///   - done: How much of it is done.
  ///   - total: How much there is to do.
  ///   - unit: What is counted, as in "events".
  ///   - detail: More to say, as in "loss 2.31".
  public func update(task: String, done: Int, total: Int, unit: String, detail: String = "") {
    guard !isQuiet else { return }
    let now = ProcessInfo.processInfo.systemUptime
    state.withLock { state in
      if state.task != task {
        if state.lineIsOpen { emit("\n") }
        state = State(task: task, start: now, firstDone: done)
        // Elsewhere than on a terminal the first line waits, so that short tasks stay silent.
        if !isTerminal { state.shown = now }
      }
      let isLast = done >= total
      guard isLast && isTerminal || now - state.shown >= (isTerminal ? 0.1 : 10) else { return }
      state.shown = now
      let elapsed = now - state.start
      var line = "\(task)  \(done)/\(total) \(unit)"
      if elapsed > 0.2, done > state.firstDone {
        let rate = Double(done - state.firstDone) / elapsed
        line += "  \(Self.rate(rate))/s"
        if !isLast { line += "  \(Self.duration(Double(total - done) / rate)) left" }
      }
      if !detail.isEmpty { line += "  \(detail)" }
      emit(isTerminal ? "\r\u{1B}[K\(line)" : line + "\n")
      state.lineIsOpen = isTerminal
    }
  }

  /// Shows a line that stays.
  public func note(_ line: String) {
    guard !isQuiet else { return }
    state.withLock { state in
      emit((state.lineIsOpen ? "\r\u{1B}[K" : "") + line + "\n")
      state.lineIsOpen = false
    }
  }

  /// Ends the line that renews itself, before other output.
  public func finish() {
    state.withLock { state in
      if state.lineIsOpen { emit("\n") }
      state.lineIsOpen = false
    }
  }

  /// Returns a time span in the largest units that matter, as in "7 s" or "2 min 5 s".
  public static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole / 60 % 60) min"
  }

  private static func rate(_ value: Double) -> String {
    value >= 10 ? "\(Int(value.rounded()))" : String(format: "%.1f", value)
  }

  private func emit(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
