// SPDX-License-Identifier: Apache-2.0

import HTTP
import Runtime

extension DecodingFailure {
  /// What reading over a network threw.
  static func network(_ error: any Error) -> DecodingFailure {
    switch error {
    case let error as HTTPError:
      let code: ROOTFileError.Code =
        switch error.code {
        case .notFound: .notFound
        case .notPermitted: .notPermitted
        default: .network
        }
      return DecodingFailure(code: code, message: error.message, byteOffset: nil, cause: error)
    case let error as ROOTFileError:
      return DecodingFailure(code: error.code, message: error.message, byteOffset: nil)
    default:
      return DecodingFailure(code: .network, message: "\(error)", byteOffset: nil, cause: error)
    }
  }
}
