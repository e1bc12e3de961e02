// SPDX-License-Identifier: Apache-2.0

import EventModel
import Events
import Foundation
import TestSupport
import Testing
import Torch

@Suite struct ModelCheckpointTests {
  let folder: TemporaryFolder
  let batch = TinyEvents.batch(eventCount: 20)

  init() throws { folder = try TemporaryFolder() }

  private func output(_ model: EventTransformer, _ batch: EventBatch) -> [Float] {
    withoutGradients {
      let encoding = model(model.input(batch))
      return encoding.events.floats() + encoding.objects.floats()
    }
  }

  private func message(_ body: () throws -> Void) -> (code: ModelError.Code?, text: String) {
    do {
      try body()
      return (nil, "no error")
    } catch let error as ModelError {
      return (error.code, error.description)
    } catch { return (nil, "\(error)") }
  }

  @Test func `a saved model gives exactly the same output`() throws {
    let model = makeModel(seed: 3)
    try ModelCheckpoint.save(model, to: folder.path)
    #expect(folder.contents == ["model.json", "model.safetensors"])
    let loaded = try ModelCheckpoint.load(folder.path)
    #expect(loaded.configuration == model.configuration)
    #expect(loaded.normalization == model.normalization)
    #expect(output(loaded, batch) == output(model, batch))
    let same = try ModelCheckpoint.load(folder.path, schema: batch.schema)
    #expect(output(same, batch) == output(model, batch))
  }

  @Test func `a grown schema leaves the output of events without the new columns`() throws {
    let model = makeModel(seed: 3)
    try ModelCheckpoint.save(model, to: folder.path)
    // The new feature stands first, and the new kind in the middle: columns are found by name.
    let grown = EventSchema(
      objectKinds: [
        ObjectKind(name: "muon", features: ["dxy", "charge", "isolation"]),
        ObjectKind(name: "tau", features: ["decayMode"]),
        ObjectKind(name: "jet", features: ["btag"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["rho", "npv"])
    var same = EventBatch(schema: grown)
    for event in 0..<batch.eventCount {
      let objects = batch.range(of: event).map { index in
        var object = batch.object(index)
        if object.kind == 0 { object.features.insert(.nan, at: 0) } else { object.kind += 1 }
        return object
      }
      same.append(index: event, objects: objects, scalars: [.nan, batch.scalars[event]])
    }
    var normalization = InputNormalization()
    normalization.features["muon.dxy"] = .init(mean: 3, deviation: 2)
    let loaded = try ModelCheckpoint.load(
      folder.path, schema: grown, normalization: normalization, allowsGrowth: true)
    #expect(loaded.normalization.features["muon.dxy"] == .init(mean: 3, deviation: 2))
    #expect(
      worstDifference(
        output(loaded, same), output(model, batch), relative: 0, absolute: 2e-6) == nil)
  }

  @Test func `a model without scalars grows by scalars`() throws {
    let small = EventSchema(objectKinds: TinyEvents.schema.objectKinds)
    let model = makeModel(schema: small, seed: 3)
    try ModelCheckpoint.save(model, to: folder.path)
    var without = EventBatch(schema: small)
    for event in 0..<batch.eventCount {
      without.append(index: event, objects: batch.range(of: event).map { batch.object($0) })
    }
    let loaded = try ModelCheckpoint.load(
      folder.path, schema: batch.schema, normalization: .init(), allowsGrowth: true)
    #expect(
      worstDifference(
        output(loaded, batch), output(model, without), relative: 0, absolute: 2e-6) == nil)
  }

  @Test func `another schema is refused by name`() throws {
    try ModelCheckpoint.save(makeModel(), to: folder.path)
    let other = EventSchema(
      objectKinds: [
        ObjectKind(name: "muon", features: ["charge", "dxy"]),
        ObjectKind(name: "missingMomentum", hasEta: false, hasMass: false),
      ], scalars: ["npv", "rho"])
    let found = message { _ = try ModelCheckpoint.load(folder.path, schema: other) }
    #expect(found.code == .schemaMismatch)
    #expect(
      found.text
        == "cannot use the checkpoint \(folder.path) for these events: it was trained on another "
        + "schema; it reads kind.jet, value.muon.isolation, value.jet.btag; the events also have "
        + "value.muon.dxy, event.value.rho. Prepare the events with the configuration of the "
        + "checkpoint, or set finetuning.growSchema: true to match inputs by name.")
  }

  @Test func `kinds in another order are refused`() throws {
    try ModelCheckpoint.save(makeModel(), to: folder.path)
    let other = EventSchema(
      objectKinds: TinyEvents.schema.objectKinds.reversed(), scalars: ["npv"])
    let found = message { _ = try ModelCheckpoint.load(folder.path, schema: other) }
    #expect(
      found.text
        == "cannot use the checkpoint \(folder.path) for these events: it was trained on another "
        + "schema; the order of the kinds differs. Prepare the events with the configuration of "
        + "the checkpoint, or set finetuning.growSchema: true to match inputs by name.")
  }

  @Test func `a folder without a model is refused`() {
    let found = message { _ = try ModelCheckpoint.load(folder.path) }
    #expect(found.code == .notACheckpoint)
    #expect(
      found.text
        == "cannot open the checkpoint \(folder.path): it has no model.json. Name the folder that "
        + "pretrain or finetune wrote.")
  }

  @Test(arguments: [
    (
      "\"format\" : 1", "\"format\" : 2",
      "its format is 2, this program reads 1. Use the program's version that wrote it."
    ),
    (
      "\"heads\" : 4", "\"heads\" : 3",
      "the size of the model is not possible. The file was changed; take it from a backup, or run "
        + "the command that wrote it again."
    ),
    (
      "\"width\" : 16", "\"width\" : 1000000000",
      "the size of the model is not possible. The file was changed; take it from a backup, or run "
        + "the command that wrote it again."
    ),
    (
      "\"lnPt\",", "\"pt\",",
      "the columns are not those of the schema. The file was changed; take it from a backup, or "
        + "run the command that wrote it again."
    ),
    (
      "\"isolation\"", "\"charge\"",
      "the schema names something twice. The file was changed; take it from a backup, or run the "
        + "command that wrote it again."
    ),
  ])
  func `a changed description is refused`(text: String, other: String, statement: String) throws {
    try ModelCheckpoint.save(makeModel(), to: folder.path)
    let path = folder.file("model.json")
    let json = try String(contentsOfFile: path, encoding: .utf8)
    #expect(json.contains(text))
    _ = try folder.write(json.replacingOccurrences(of: text, with: other), to: "model.json")
    let found = message { _ = try ModelCheckpoint.load(folder.path) }
    #expect(found.code == .corrupted)
    #expect(found.text == "cannot open \(path): \(statement)")
  }

  @Test func `a cut description is refused in one line`() throws {
    try ModelCheckpoint.save(makeModel(), to: folder.path)
    _ = try folder.write("{ \"format\" : 1, \"configuration\" : {", to: "model.json")
    let found = message { _ = try ModelCheckpoint.load(folder.path) }
    #expect(found.code == .corrupted)
    #expect(found.text.hasPrefix("cannot read \(folder.file("model.json")): "))
    #expect(
      found.text.hasSuffix(
        "The file was changed or cut; take it from a backup, or run the command that wrote it "
          + "again."))
    #expect(!found.text.contains("\n"), "\(found.text)")
  }

  @Test func `weights of another model are refused`() throws {
    try ModelCheckpoint.save(makeModel(), to: folder.path)
    try writeTensors(
      [("objectInput.weight", Tensor.zeros([16, 3]))], to: folder.file("model.safetensors"))
    #expect(throws: TorchError.self) { try ModelCheckpoint.load(folder.path) }
    let grown = EventSchema(objectKinds: TinyEvents.schema.objectKinds, scalars: ["npv", "rho"])
    let found = message {
      _ = try ModelCheckpoint.load(
        folder.path, schema: grown, normalization: .init(), allowsGrowth: true)
    }
    #expect(found.code == .corrupted)
    #expect(
      found.text
        == "cannot open \(folder.file("model.safetensors")): objectInput.weight has the shape "
        + "[16, 3], expected [16, 24]. The file was changed; take it from a backup.")
  }

  @Test func `a tensor of a type that Swift has not is refused`() throws {
    let path = folder.file("half.safetensors")
    var writer = SafetensorsWriter()
    writer.add("a", elementType: .float16, shape: [2]) { emit in
      try [UInt8](repeating: 0, count: 4).withUnsafeBytes { try emit($0) }
    }
    try writer.write(to: path)
    let found = message { _ = try readTensors(path) }
    #expect(found.code == .corrupted)
    #expect(
      found.text
        == "cannot read a of \(path): its elements are F16; expected F32, F64, I64 or U8. Save it "
        + "in one of these types.")
  }
}
