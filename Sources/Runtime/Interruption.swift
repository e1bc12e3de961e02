// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The user's wish to stop, by Ctrl-C or by the batch system's SIGTERM.
///
/// Long work asks ``check()`` between steps, saves what it has, and ends. A second Ctrl-C ends the
/// program at once.
public enum Interruption {
  private static let requested = Atomic<Bool>(false)

  /// Starts to listen for SIGINT and SIGTERM.
  ///
  /// Call it once, from the command.
  public static func listen() {
    // A program may start this one from a thread that holds the signals back, which is inherited.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for signalNumber in [SIGINT, SIGTERM] {
      signal(signalNumber) { number in
        if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(128 + number) }
      }
    }
  }

  /// Whether the user asked to stop.
  public static var isRequested: Bool {
    requested.load(ordering: .relaxed) || (wish?.isRequested ?? false)
  }

  /// Throws if the user asked to stop.
  ///
  /// - Throws: ``InterruptedError``.
  public static func check() throws {
    if isRequested { throw InterruptedError() }
  }

  /// A wish of one test, which does not stop what others do in the same process.
  ///
  ///     let wish = Interruption.Wish()
  ///     try Interruption.$wish.withValue(wish) { … wish.request() … }
  package final class Wish: Sendable {
    private let requested = Atomic<Bool>(false)

    /// Makes a wish that is not expressed yet.
    package init() {}

    /// Whether it was expressed.
    package var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Expresses it.
    package func request() { requested.store(true, ordering: .relaxed) }
  }

  /// The wish of the test that is running, if any.
  @TaskLocal package static var wish: Wish?
}

/// The error that ends interrupted work; nothing is wrong with the data.
public struct InterruptedError: Error, Sendable, CustomStringConvertible {
  /// Makes the error.
  public init() {}

  /// What the user reads.
  public var description: String {
    "interrupted. What was finished is saved; run the same command again to continue."
  }
}
