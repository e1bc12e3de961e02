// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import Pretraining
import TestSupport
import Testing
import Torch

/// Numbers that are not finite stop a run, and what was saved stays.
extension PretrainerTests {
  @Test func `a loss that is not finite names the input and leaves the saved state`() throws {
    let run = try pretrainer("run")
    var steps = 0
    let error = try modelError {
      _ = try run.run { report in
        steps += 1
        guard report.epoch == 1, steps == 5 else { return }
        withoutGradients {
          run.backbone.parameters()[1].value.copy(from: Tensor.full([8, 24], value: Float.nan))
        }
      }
    }
    #expect(error.code == .nonFinite)
    #expect(
      error.description.hasPrefix(
        "training stopped: maskedObjects is nan in epoch 1, step 2. The input that stands out "
          + "most is "), "\(error)")
    #expect(
      error.description.hasSuffix(
        " of the store. Look at that event, or lower the learning rate; the last saved state is "
          + "untouched."), "\(error)")
    let match = try #require(
      error.description.firstMatch(of: /is (\S+) = (\S+) \(normalized\) of event (\d+) of/))
    #expect(run.backbone.layout.objectColumns.contains(String(match.1)))
    #expect(try #require(Int(match.3)) < 150)
    // The state after epoch 0 is there, and goes on as if nothing had happened.
    let again = try pretrainer("run")
    #expect(again.history.epochs.count == 1)
    _ = try again.run()
    let whole = try pretrainer("whole")
    _ = try whole.run()
    #expect(parameters(again) == parameters(whole))
  }

  @Test func `parameters that are not finite are never saved`() throws {
    let run = try pretrainer("run") {
      $0.validationFraction = 0
      $0.batchSize = 150
      $0.warmUpSteps = 0
      $0.learningRate = 1e39
    }
    let error = try modelError { _ = try run.run() }
    #expect(error.code == .nonFinite)
    #expect(
      error.description == "training stopped: backbone.eventToken holds inf after 1 steps. Lower "
        + "the learning rate; the last saved state is untouched.")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }

  @Test func `a validation loss that is not finite stops before saving`() throws {
    let run = try pretrainer("run") {
      $0.batchSize = 150
      $0.warmUpSteps = 0
      $0.learningRate = 1e39
    }
    let error = try modelError { _ = try run.run() }
    #expect(
      error.description.contains("maskedObjects on the validation split is nan in epoch 0"),
      "\(error)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("run")))
  }

  @Test func `a damaged store names the event and the feature`() throws {
    // The isolation of the first muon that has one is made infinite in the file itself.
    let batch = try store.batch(events: Array(0..<150))
    let object = try #require(
      batch.kinds.indices.first { batch.kinds[$0] == 0 && !batch.features[2 * $0 + 1].isNaN })
    let event = try #require((0..<150).first { batch.range(of: $0).contains(object) })
    let shard = try #require(store.manifest.shards.first)
    let path = folder.file("store/\(shard.file)")
    let range = try #require(SafetensorsFile(path: path).tensors["features"]?.bytes)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    // Byte ranges are counted from the end of the header or from the file's start; both are tried.
    let header =
      8 + data.prefix(8).enumerated().reduce(0) { $0 + Int($1.element) << (8 * $1.offset) }
    let features = withUnsafeBytes(of: batch.features[2 * object + 1]) { Array($0) }
    for base in [0, header] {
      let place = base + range.lowerBound + 4 * (2 * object + 1)
      guard place + 4 <= data.count, Array(data[place..<place + 4]) == features else { continue }
      withUnsafeBytes(of: Float.infinity) { data.replaceSubrange(place..<place + 4, with: $0) }
      break
    }
    try data.write(to: URL(fileURLWithPath: path))
    let damaged = try EventStore(path: folder.file("store"))
    let error = try #require(
      #expect(throws: EventStoreError.self) { _ = try pretrainer("run", source: damaged).run() })
    #expect(error.code == .invalidValue)
    let number = object - batch.range(of: event).lowerBound
    #expect(
      error.description.contains(
        "event \(event), object \(number) (muon): the feature isolation is inf"), "\(error)")
  }
}
