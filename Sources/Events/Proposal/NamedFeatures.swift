// SPDX-License-Identifier: Apache-2.0

/// The features of objects, and the scalars of events, that files are known to have.
enum NamedFeatures {
  /// The features of a kind, each with the ends of column names, in lower case and without
  /// separators, that mean it; the best first.
  static func of(_ kind: String) -> [(name: String, columns: [String])] {
    let charge = (name: "charge", columns: ["charge", "q", "ch"])
    let general = ["reliso", "iso", "isolation", "isolationvar", "relisoall", "combreliso"]
    switch kind {
    case "electron":
      return [
        charge, ("isolation", ["pfreliso03all", "minipfrelisoall", "pfreliso04all"] + general),
      ]
    case "muon":
      return [
        charge, ("isolation", ["pfreliso04all", "pfreliso03all", "minipfrelisoall"] + general),
      ]
    case "lepton":
      return [
        charge, ("flavor", ["type", "pdgid", "flavor", "flavour"]),
        ("isolation", general + ["ptcone30", "etcone20"]),
      ]
    case "photon":
      return [("isolation", ["pfreliso03all", "pfreliso03allquadratic"] + general)]
    case "tau":
      return [
        charge, ("decayMode", ["decaymode", "dm"]),
        (
          "identification",
          [
            "rawdeeptau2018v2p5vsjet", "rawdeeptau2017v2p1vsjet", "rawuparttau", "rawisodr03",
            "idisoraw", "rawiso",
          ]
        ),
        ("isolation", ["relisoall"] + general),
      ]
    case "jet":
      return [
        (
          "btag",
          [
            "btagdeepflavb", "btagupartak4b", "btagrobustpartak4b", "btagpnetb", "btagdeepb",
            "btagcsvv2", "btag", "deepjet", "deepcsv", "csv", "dl1r", "mv2c10",
          ]
        )
      ]
    default: return []
    }
  }

  /// The scalars, each with the columns that mean it, in lower case.
  static let scalars: [(name: String, columns: [String])] = [
    (
      "vertices",
      [
        "pv_npvs", "npv", "npvs", "nprimaryvertices", "nvtx", "nvertices", "pv_npvsgood",
        "ngoodvertices",
      ]
    )
  ]

  /// Columns that may be the weight of an event, in lower case.
  static let weights = ["weight", "eventweight", "genweight", "mcweight", "generatorweight"]

  /// The mass in GeV of an object whose file has none.
  ///
  /// Source: R. L. Workman et al. (Particle Data Group), Prog. Theor. Exp. Phys. 2022, 083C01.
  static func mass(of kind: String) -> String {
    ["electron": "0.000511", "muon": "0.10566", "tau": "1.777"][kind] ?? "0"
  }
}
