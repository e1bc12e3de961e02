// SPDX-License-Identifier: Apache-2.0

extension EventsProposal {
  /// Looks at groups of files whose columns, or trees, may be called otherwise.
  ///
  /// - Parameters:
  ///   - groups: What each is called in messages, and its files.
  ///   - trees: The trees that hold the events; empty to find them.
  /// - Returns: One proposal where it suits all files, or else one for each group: of the same kinds,
  ///   features and scalars in the same order, those that all of them have.
  /// - Throws: `ROOTFileError` for a file that cannot be read, ``ProposalError`` where no objects are
  ///   found, or none that all groups have.
  public static func agreeing(
    _ groups: [(name: String, files: [String])], trees: [String] = []
  ) throws -> [EventsProposal] {
    let opened = try groups.map { try OpenedFiles($0.files, trees: trees) }
    let proposals = try opened.map(EventsProposal.init)
    guard proposals.count > 1 else { return proposals }
    let kinds = proposals[0].kinds.filter { kind in
      proposals.allSatisfy { $0.kinds.contains(kind) }
    }
    // Files of one layout may still have their features under other names: what all have is taken.
    if let whole = OpenedFiles(joining: opened), let all = try? EventsProposal(whole),
      Set(kinds).isSubset(of: all.kinds)
    {
      return [all]
    }
    guard kinds.contains(where: { $0 != missingMomentumKind }) else {
      throw ProposalError(
        file: groups[0].files[0],
        zip(groups, proposals).map { "\($0.name) has \($1.kinds.joined(separator: ", "))" }
          .joined(separator: "; ") + "; no objects are common to all.",
        remedy: "Write a section events for each sample by hand; lorentz inspect lists the columns."
      )
    }
    let scalars = proposals[0].scalars.map(\.name).filter { name in
      proposals.allSatisfy { $0.scalars.contains { $0.name == name } }
    }
    return proposals.indices.map { place in
      let own = proposals[place]
      func reason(_ has: (EventsProposal) -> Bool) -> String {
        let lacking = zip(groups, proposals).filter { !has($1) }.map(\.0.name)
        return "there is none in \(lacking.joined(separator: " and "))"
      }
      var leftOut = own.kinds.filter { !kinds.contains($0) }.map { kind in
        (kind, reason { $0.kinds.contains(kind) })
      }
      var objects: [Object] = []
      for kind in kinds {
        let features = proposals[0].features(of: kind).filter { name in
          proposals.allSatisfy { $0.features(of: kind).contains(name) }
        }
        leftOut += own.features(of: kind).filter { !features.contains($0) }.map { name in
          ("\(kind).\(name)", reason { $0.features(of: kind).contains(name) })
        }
        objects += own.objects.filter { $0.kind == kind }.map { $0.with(features: features) }
      }
      leftOut += own.scalars.map(\.name).filter { !scalars.contains($0) }.map { name in
        (name, reason { $0.scalars.contains { $0.name == name } })
      }
      return EventsProposal(
        own, objects: objects,
        scalars: scalars.compactMap { name in own.scalars.first { $0.name == name } },
        leftOut: leftOut)
    }
  }

  /// The kinds of objects, each once, in their order.
  private var kinds: [String] {
    objects.indices.filter { place in
      !objects[..<place].contains { $0.kind == objects[place].kind }
    }.map { objects[$0].kind }
  }

  private func features(of kind: String) -> [String] {
    objects.first { $0.kind == kind }?.features.map(\.name) ?? []
  }
}

extension EventsProposal.Object {
  /// Returns these objects with some of their features, in this order.
  fileprivate func with(features names: [String]) -> Self {
    Self(
      kind: kind, columns: columns,
      features: names.compactMap { name in features.first { $0.name == name } },
      meanCount: meanCount, largestEta: largestEta, prefix: prefix)
  }
}
