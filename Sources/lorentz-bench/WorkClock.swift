// SPDX-License-Identifier: Apache-2.0

import Foundation
import Torch

/// Counts events until the time asked for is over, then answers and waits for the next line.
final class WorkClock {
  private(set) var isDone = false
  private var start = 0.0
  private var end = 0.0
  private var events = 0
  private var operations = 0.0
  private var pageFaults = 0
  private var tensors = (allocated: 0, reused: 0)
  private var warmUp = 3

  /// Counts a step that is done.
  ///
  /// - Returns: Whether an interval ended with it.
  func tick(
    events count: Int, operations done: Double = 0, parts: () -> [String: Double] = { [:] }
  ) -> Bool {
    if warmUp > 0 {
      warmUp -= 1
      guard warmUp == 0 else { return false }
      print("ready")
      fflush(nil)
      waitForLine()
      return true
    }
    events += count
    operations += done
    let now = ProcessInfo.processInfo.systemUptime
    guard now >= end else { return false }
    var answer: [String: Any] = ["events": events, "seconds": now - start, "parts": parts()]
    if operations > 0 { answer["operations"] = operations }
    if let usage = resourceUsage() {
      answer["peakBytes"] = usage.ru_maxrss * 1024
      answer["pageFaults"] = usage.ru_minflt - pageFaults
    }
    let tensors = LibTorch.memoryCounts
    answer["tensorsAllocated"] = tensors.allocated - self.tensors.allocated
    answer["tensorsReused"] = tensors.reused - self.tensors.reused
    if let data = try? JSONSerialization.data(withJSONObject: answer) {
      print(String(decoding: data, as: UTF8.self))
      fflush(nil)
    }
    waitForLine()
    return true
  }

  private func waitForLine() {
    guard let line = readLine(),
      let seconds = line.split(separator: " ").last.flatMap({ Double($0) })
    else {
      isDone = true
      return
    }
    events = 0
    operations = 0
    pageFaults = resourceUsage()?.ru_minflt ?? 0
    tensors = LibTorch.memoryCounts
    start = ProcessInfo.processInfo.systemUptime
    end = start + seconds
  }
}
