// SPDX-License-Identifier: Apache-2.0

import Configuration
import Events
import Foundation
import Kinematics
import Runtime
import TestSupport
import Testing

@Suite struct EventExpressionTests {
  /// Two muons, three jets and missing momentum; then one muon alone.
  private static let batch: EventBatch = {
    var batch = EventBatch(schema: TinyEvents.schema)
    batch.append(
      index: 0,
      objects: [
        EventObject(kind: 0, pt: 40, eta: 1, phi: 0, mass: 0, features: [1, 0.1]),
        EventObject(kind: 0, pt: 50, eta: -1, phi: .pi, mass: 0, features: [-1, .nan]),
        EventObject(kind: 1, pt: 60, eta: 0, phi: 0.5, mass: 10, features: [0.2]),
        EventObject(kind: 1, pt: 30, eta: 2, phi: 1, mass: 5, features: [0.9]),
        EventObject(kind: 1, pt: 45, eta: 0.5, phi: -1, mass: 8, features: [.nan]),
        EventObject(kind: 2, pt: 25, phi: 1),
      ], scalars: [12])
    batch.append(
      index: 1,
      objects: [EventObject(kind: 0, pt: 35, eta: 0.3, phi: 2, mass: 0.1, features: [1, 0.2])],
      scalars: [.nan])
    return batch
  }()

  private static let distant = hypot(2, Double.pi)
  private static let close = hypot(0.5, 1.5)
  private static let pairMass = 2 * (50.0 * 40).squareRoot() * cosh(1.0)
  private static let transverse = (2 * 40.0 * 25 * (1 - cos(1.0))).squareRoot()

  /// Expressions with their values in both events.
  private static let known: [(String, [Double])] = [
    ("sum(jet.pt)", [135, 0]), ("count(jet.pt > 30)", [2, 0]), ("max(jet.btag)", [0.9, .nan]),
    ("length(muon.pt)", [2, 1]), ("npv / 2", [6, .nan]), ("muon.pt[0]", [50, 35]),
    ("muon[0].pt", [50, 35]), ("muon[0].charge * muon[1].charge", [-1, .nan]),
    ("jet[0, btag].pt", [30, .nan]), ("jet[1, btag].pt", [60, .nan]),
    ("jet[2, btag].pt", [45, .nan]),
    ("pt(jet[0, eta])", [30, .nan]), ("jet[3].pt", [.nan, .nan]),
    ("muon[1].isolation", [0.1, .nan]),
    ("max(missingMomentum.pt)", [25, .nan]), ("(jet.pt * 2)[1]", [90, .nan]),
    ("deltaEta(muon[0], muon[1])", [-2, .nan]), ("abs(deltaPhi(muon[0], muon[1]))", [.pi, .nan]),
    ("deltaPhi(jet[1], missingMomentum[0])", [-2, .nan]), ("deltaPhi(3, 1)", [2, 2]),
    ("deltaR(muon[0], muon[1])", [distant, .nan]), ("length(deltaR(jet, jet))", [3, 0]),
    ("length(mass(jet, jet, muon))", [6, 0]), ("length(pt(jet, jet, jet))", [1, 0]),
    ("length(deltaR(jet[0], jet))", [2, 0]), ("length(deltaR(muon, jet))", [6, 0]),
    ("min(deltaR(jet, jet))", [close, .nan]),
    ("nearest(jet.pt, 50)", [45, .nan]), ("nearest(jet.pt, muon[1].pt)", [45, .nan]),
    ("nearest(jet.btag, 0.6)", [0.9, .nan]),
    (
      "mass(muon[0], muon[0, charge])",
      [pairMass, .nan]
    ),
    ("deltaR(muon[0], muon[0, pt])", [.nan, .nan]),
    ("mass(muon[0], missingMomentum[0])", [.nan, .nan]),
    ("eta(missingMomentum[0])", [.nan, .nan]), ("pt(muon[0], muon[1])", [10, .nan]),
    ("pt(missingMomentum[0])", [25, .nan]), ("sum(mass(jet))", [23, 0]),
    (
      "transverseMass(muon[1], missingMomentum[0])",
      [transverse, .nan]
    ),
  ]

  private func values(_ text: String) throws -> [Double] {
    try EventExpression(text, schema: TinyEvents.schema).values(of: Self.batch)
  }

  @Test(arguments: known)
  func `functions have the values that they have by hand`(text: String, expected: [Double]) throws {
    #expect(worstDifference(try values(text), expected, relative: 1e-6, absolute: 1e-6) == nil)
  }

  @Test func `many variables together are what each is alone`() throws {
    let texts = Self.known.map(\.0)
    let variables = EventVariables(
      names: texts,
      expressions: try texts.map { try EventExpression($0, schema: TinyEvents.schema) })
    let together = try variables.values(of: Self.batch).map(Double.init)
    for (place, text) in texts.enumerated() {
      let column = stride(from: place, to: together.count, by: texts.count).map { together[$0] }
      #expect(
        worstDifference(column, try values(text), relative: 1e-6) == nil, "the variable \(text)")
    }
  }

  @Test func `of a negative mass larger than the momentum only what is across the beam is known`()
    throws
  {
    var batch = EventBatch(schema: TinyEvents.schema)
    batch.append(
      index: 0,
      objects: [
        EventObject(kind: 1, pt: 40, eta: 0, phi: 0, mass: -50, features: [0]),
        EventObject(kind: 1, pt: 30, eta: 0, phi: .pi / 2, mass: -10, features: [0]),
      ], scalars: [1])
    func value(_ text: String) throws -> Double {
      try EventExpression(text, schema: TinyEvents.schema).values(of: batch)[0]
    }
    for text in ["mass(jet[0])", "eta(jet[0])", "mass(jet[0], jet[1])", "max(eta(jet, jet))"] {
      #expect(try value(text).isNaN, "the variable \(text)")
    }
    #expect(abs(try value("pt(jet[0], jet[1])") - 50) < 1e-5)
    #expect(abs(try value("mass(jet[1])") + 10) < 1e-5)
  }

  @Test func `lists keep to the order of pt when augmentation has changed it`() throws {
    #expect(try values("muon.pt[1]")[0] == 40)
    #expect(try values("sum(muon.pt * (muon.charge < 0))")[0] == 50)
  }

  @Test
  func `masses do not change under boosts and rotations, and functions agree with Kinematics`()
    throws
  {
    let batch = TinyEvents.batch(eventCount: 200)
    let boost =
      LorentzTransformation.rotation(about: [0, 0, 1], angle: 1.3)
      * LorentzTransformation.boost(along: [0, 0, 1], rapidity: 0.7)
    var moved = batch
    var momenta: [FourMomentum] = []
    for index in 0..<batch.objectCount {
      let object = batch.object(index)
      guard !object.eta.isNaN else {
        momenta.append(.zero)
        moved.momenta[4 * index + 2] = Float(wrappedPhi(Double(object.phi) + 1.3))
        continue
      }
      let momentum = FourMomentum(
        pt: Double(object.pt), eta: Double(object.eta), phi: Double(object.phi),
        mass: Double(object.mass))
      momenta.append(momentum)
      let image = boost.applied(to: momentum)
      moved.momenta.replaceSubrange(
        4 * index..<4 * index + 4,
        with: [Float(image.pt), Float(image.eta), Float(image.phi), object.mass])
    }
    for text in [
      "mass(muon[0], jet[0], jet[1, btag])", "nearest(mass(jet, jet), 80.4)",
      "max(mass(jet, jet, jet))", "pt(muon[0], jet[0])",
      "transverseMass(muon[0], missingMomentum[0], jet[0])", "sum(abs(deltaPhi(muon, jet)))",
    ] {
      let expression = try EventExpression(text, schema: batch.schema)
      let before = try expression.values(of: batch)
      #expect(before.contains { $0 > 1 })
      // Single precision of the momenta, some of which cancel.
      #expect(
        worstDifference(
          try expression.values(of: moved), before, relative: 1e-4, absolute: 1e-2) == nil,
        "\(text)")
    }
    let mass = try EventExpression("mass(muon[0], jet[0])", schema: batch.schema)
    let eta = try EventExpression("eta(muon[0], jet[0])", schema: batch.schema)
    let (masses, etas) = (try mass.values(of: batch), try eta.values(of: batch))
    for event in 0..<batch.eventCount {
      let objects = batch.range(of: event)
      let muon = objects.first { batch.kinds[$0] == 0 }
      guard let muon, let jet = objects.first(where: { batch.kinds[$0] == 1 }) else {
        #expect(masses[event].isNaN)
        continue
      }
      #expect(isClose(masses[event], (momenta[muon] + momenta[jet]).mass, relative: 1e-9))
      #expect(isClose(etas[event], (momenta[muon] + momenta[jet]).eta, relative: 1e-9))
    }
  }

  @Test(arguments: [
    ("mass(muons[0], jet[0])", 6, "there is no kind of object muons. Did you mean muon?"),
    ("jets.pt[0]", 1, "there is no kind of object jets. Did you mean jet?"),
    ("sum(jet.ptt)", 9, "jet has no ptt. It has pt, eta, phi, mass, btag."),
    ("sum(jet.flavor)", 9, "jet has no flavor. It has pt, eta, phi, mass, btag."),
    ("jet[0, btaag].pt", 8, "jet has no btaag. It has pt, eta, phi, mass, btag."),
    ("missingMomentum[0].eta", 19, "missingMomentum has no eta. It has pt, phi."),
    ("npvs", 1, "there is no scalar and no kind of object npvs. Did you mean npv?"),
    (
      "energy", 1,
      "there is no scalar and no kind of object energy. There are muon, jet, missingMomentum and "
        + "the scalars npv."
    ),
    ("masss(jet[0], jet[1])", 1, "there is no function masss. Did you mean mass?"),
    (
      "deltaR(jet[0], 2)", 1,
      "deltaR is a function of objects, and argument 2 is none. Write an object as muon[0], by rank "
        + "in pt, or muon[0, eta], by another quantity; muon stands for all."
    ),
    (
      "deltaR(jet[0])", 1,
      "deltaR was given 1 argument. Write deltaR(eta1, phi1, eta2, phi2) or deltaR(object, object)."
    ),
    (
      "jet > 3", 1,
      "jet is a kind of object, not a number. Write jet.pt for a quantity of all, length(jet.pt) for "
        + "how many, or give it to a function of objects, as in mass(jet[0])."
    ),
    (
      "2 * jet[0]", 5,
      "jet[0] is an object, not a number. Write jet[0].pt for a quantity, or give it to a function "
        + "of objects, as in pt(jet[0])."
    ),
    ("jet[x]", 5, "found x, expected a whole number from 0, as in jet[0]."),
    ("jet[0.5]", 5, "found the number 0.5, expected a whole number from 0, as in jet[0]."),
    ("jet[0", 6, "found the end, expected \",\" or \"]\"."),
    (
      "mass(jet, jet, jet, jet, jet)", 1,
      "mass was given 5 whole kinds; the combinations of more than 4 are too many."
    ),
    (
      "jet.pt", 1,
      "the result is a list per event; expected one value. Choose an element, as in jet[0] or "
        + "(…)[0], or make one value of it with sum, min, max, nearest, any, all, count or length."
    ),
    ("sum(npv)", 1, "sum(...) needs a list per event, and was given one value per event."),
    ("npv[0]", 4, "[0] needs a list per event, and was given one value per event."),
    (
      "nearest(jet.pt, muon.pt)", 1,
      "nearest(list, value) needs one value per event behind the list, and was given a list."
    ),
    (
      "sum(jet.pt * muon.pt)", 12,
      "jet.pt and muon.pt have lists of different lengths, 5 and 4 in event 0."
    ),
    (
      "sum(deltaR(jet, jet) < jet.pt)", 22,
      "deltaR(...) and jet.pt have lists of different lengths, 10 and 5 in event 0."
    ),
  ])
  func `what cannot be is refused without events, with its place`(
    text: String, column: Int, statement: String
  ) throws {
    let error = try #require(
      #expect(throws: ExpressionError.self) {
        _ = try EventExpression(text, schema: TinyEvents.schema)
      })
    #expect(error.statement == statement)
    #expect(error.column == column)
  }

  @Test func `columns of files have elements, and know no objects`() throws {
    let list = ExpressionValue.jagged([50, 20, 40], offsets: [0, 2, 2, 3])
    let second = try ColumnExpression("Jet_pt[1]").evaluate { _ in list }
    #expect(worstDifference(second.values, [20, .nan, .nan]) == nil)
    let near = try ColumnExpression("nearest(Jet_pt, 30)").evaluate { _ in list }
    #expect(worstDifference(near.values, [20, .nan, 40]) == nil)
    for (text, column, statement) in [
      (
        "mass(Muon_pt[0], Jet_pt[0]) > 3", 1,
        "mass is a function of objects, and argument 1 is none. Objects are not known here, only "
          + "columns of the file; the section variables knows them."
      ),
      (
        "Jet[0, btag] > 3", 8,
        "only objects have an order, btag; a list has one index. Objects are not known here, only "
          + "columns of the file; the section variables knows them."
      ),
      (
        "Jet[0].pt > 3", 7,
        ".pt stands behind what is no object. Objects are not known here, only columns of the "
          + "file; the section variables knows them."
      ),
    ] {
      let error = #expect(throws: ExpressionError.self) { _ = try ColumnExpression(text) }
      #expect(error?.code == .noObjects)
      #expect(error?.column == column)
      #expect(error?.statement == statement)
    }
  }

  @Test func `variables are read from a configuration, and infinite ones are missing`() throws {
    func variables(_ text: String) throws -> EventVariables? {
      try EventVariables(
        ConfigurationNode(text: text, name: "a.yaml"), schema: TinyEvents.schema)
    }
    #expect(try variables("{}") == nil)
    let two = try #require(
      try variables("variables: {ht: sum(jet.pt), inverse: 1 / length(jet.pt)}"))
    #expect(two.names == ["ht", "inverse"])
    #expect(
      worstDifference(try two.values(of: Self.batch), [135, 1 / 3, 0, .nan], relative: 1e-6) == nil)
    let error = #expect(throws: ConfigurationError.self) {
      _ = try variables("variables:\n  ht: sum(jets.pt)\n")
    }
    #expect(
      error?.description == """
        a.yaml:2:7: variables.ht is not a variable: there is no kind of object jets. Did you mean jet?
            sum(jets.pt)
                ^
        """)
  }

  @Test(
    .enabled(if: SharedData.isAvailable),
    arguments: [
      ("m_vis", "mass(muon[0], tau[0])"), ("pt_vis", "pt(muon[0], tau[0])"),
      ("mjj", "mass(jet[0], jet[1])"), ("ptjj", "pt(jet[0], jet[1])"),
      ("abs(jdeta)", "abs(deltaEta(jet[0], jet[1]))"),
      ("mt_1", "transverseMass(muon[0], missingMomentum[0])"),
      // The file takes the tau as massless.
      (
        "mt_2",
        "sqrt(2 * tau[0].pt * missingMomentum[0].pt * (1 - cos(deltaPhi(tau[0], missingMomentum[0]))))"
      ),
    ])
  func `variables are those that CMS derived`(_ column: String, _ text: String) throws {
    let node = try ConfigurationNode(
      text: """
        tree: Events
        missing: -999
        objects:
          - {kind: muon, columns: {pt: pt_1, eta: eta_1, phi: phi_1, mass: m_1}}
          - {kind: tau, columns: {pt: pt_2, eta: eta_2, phi: phi_2, mass: m_2}}
          - {kind: jet, columns: {pt: jpt_1, eta: jeta_1, phi: jphi_1, mass: jm_1}}
          - {kind: jet, columns: {pt: jpt_2, eta: jeta_2, phi: jphi_2, mass: jm_2}}
          - {kind: missingMomentum, columns: {pt: pt_met, phi: phi_met}}
        scalars: {derived: "\(column)"}
        """, name: "events")
    let file = try EventFile(
      path: SharedData.path("cms-tau-2012/VBF_HToTauTauSkim.root"),
      events: EventsConfiguration(node))
    let batch = try file.events(in: 0..<file.entryCount)
    let values = try EventExpression(text, schema: batch.schema).values(of: batch)
    #expect(values.count == 1015 && values.count { !$0.isNaN } > 500)
    // The file keeps single precision, of which masses are small differences, and takes the muon
    // as massless in mt_1.
    #expect(
      worstDifference(
        values, batch.scalars.map(Double.init), relative: 1e-3, absolute: 0.2) == nil)
  }
}
