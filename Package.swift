// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0

import Foundation
import PackageDescription

// LibTorch is the only dependency that the package manager cannot fetch. `scripts/bootstrap` puts
// it into `.deps/torch`; LIBTORCH names an installation that is already there (a CUDA build too).
let libTorch: String = {
  if let path = Context.environment["LIBTORCH"], !path.isEmpty { return path }
  return Context.packageDirectory + "/.deps/torch"
}()

// A CUDA build registers its kernels when `libtorch_cuda` is loaded, which the linker would drop
// because nothing refers to it by name. It finds the CUDA libraries by its own search path, which
// the linker does not follow: hence the undefined symbols that are allowed.
let cudaLinkerFlags: [String] =
  FileManager.default.fileExists(atPath: libTorch + "/lib/libtorch_cuda.so")
  ? [
    "-Xlinker", "--allow-shlib-undefined", "-Xlinker", "--no-as-needed", "-ltorch_cuda",
    "-lc10_cuda", "-Xlinker", "--as-needed",
  ] : []

let torchHeaders: [CXXSetting] = [
  .unsafeFlags([
    "-isystem", libTorch + "/include",
    "-isystem", libTorch + "/include/torch/csrc/api/include",
  ])
]

let torchLibraries: [LinkerSetting] = [
  .unsafeFlags(
    ["-L" + libTorch + "/lib", "-Xlinker", "-rpath", "-Xlinker", libTorch + "/lib"]
      + cudaLinkerFlags),
  .linkedLibrary("torch"),
  .linkedLibrary("torch_cpu"),
  .linkedLibrary("c10"),
]

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
  name: "Lorentz",
  products: [
    .executable(name: "lorentz", targets: ["lorentz"]),
    .library(name: "ROOTIO", targets: ["ROOTIO"]),
    .library(name: "Kinematics", targets: ["Kinematics"]),
    .library(name: "Torch", targets: ["Torch"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Borders to C and C++.
    .systemLibrary(
      name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CXGBoost", pkgConfig: "xgboost", providers: [.apt(["libxgboost-dev"])]),
    // Kernels of our own are of no use without optimization, in tests neither.
    .target(name: "CKernels", cxxSettings: [.unsafeFlags(["-O2"])]),
    // The same: all of a file passes through it.
    .target(name: "CByteOrder", cSettings: [.unsafeFlags(["-O3"])]),
    .target(
      name: "CTorch", dependencies: ["CKernels"], cxxSettings: torchHeaders,
      linkerSettings: torchLibraries),

    // The way of the data, in its order: a target imports only targets above it.
    .target(name: "Runtime"),
    .target(name: "HTTP", dependencies: ["Runtime"]),
    .target(name: "OpenData", dependencies: ["HTTP", "CDeflate", "Runtime"]),
    .target(name: "Configuration", dependencies: ["Runtime", yams]),
    .target(name: "Torch", dependencies: ["CTorch", "Runtime"]),
    .target(
      name: "ROOTIO",
      dependencies: ["CByteOrder", "CDeflate", "CLZMA", "CLZ4", "CZstd", "HTTP", "Runtime"]),
    .target(name: "Kinematics"),
    .target(
      name: "Events",
      dependencies: [
        "ROOTIO", "HTTP", "OpenData", "Kinematics", "Torch", "Configuration", "Runtime",
      ]),
    .target(
      name: "Augmentation", dependencies: ["Events", "Kinematics", "Configuration", "Runtime"]),
    .target(
      name: "EventModel",
      dependencies: ["Torch", "Events", "Kinematics", "Configuration", "Runtime"]),
    .target(
      name: "Pretraining",
      dependencies: ["EventModel", "Augmentation", "Configuration", "Events", "Runtime", "Torch"]),
    .target(name: "BoostedTrees", dependencies: ["CXGBoost", "Configuration", "Runtime"]),
    .target(
      name: "Classification",
      dependencies: [
        "BoostedTrees", "Pretraining", "EventModel", "Augmentation", "Configuration", "Events",
        "Runtime", "Torch",
      ]),
    .target(name: "Evaluation", dependencies: ["Runtime"]),
    .target(
      name: "Study",
      dependencies: [
        "Classification", "Pretraining", "EventModel", "Augmentation", "BoostedTrees", "Evaluation",
        "Configuration", "Events", "Kinematics", "ROOTIO", "Runtime", "Torch",
      ]),
    .executableTarget(
      name: "lorentz",
      dependencies: [
        "Study", "Classification", "Pretraining", "EventModel", "Augmentation", "Evaluation",
        "Configuration", "Events", "ROOTIO", "OpenData", "HTTP", "Runtime", "Torch", argumentParser,
      ]),

    // What `make bench` times; see Benchmarks/README.md.
    .executableTarget(
      name: "lorentz-bench",
      dependencies: [
        "Classification", "Pretraining", "EventModel", "Augmentation", "Configuration", "Events",
        "ROOTIO", "Runtime", "Torch", argumentParser,
      ]),

    // Tests.
    .target(
      name: "TestSupport", dependencies: ["Torch", "Events"], path: "Tests/TestSupport",
      exclude: ["Fixtures"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "TestSupport"]),
    .testTarget(name: "HTTPTests", dependencies: ["HTTP", "Runtime", "TestSupport"]),
    .testTarget(
      name: "OpenDataTests", dependencies: ["OpenData", "HTTP", "Runtime", "TestSupport"]),
    .testTarget(name: "ConfigurationTests", dependencies: ["Configuration", "TestSupport"]),
    .testTarget(
      name: "TorchTests", dependencies: ["Torch", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(
      name: "ROOTIOTests", dependencies: ["ROOTIO", "TestSupport"], exclude: ["Fixtures"]),
    .testTarget(name: "KinematicsTests", dependencies: ["Kinematics", "TestSupport"]),
    .testTarget(name: "EventsTests", dependencies: ["Events", "TestSupport"]),
    .testTarget(
      name: "AugmentationTests", dependencies: ["Augmentation", "TestSupport"]),
    .testTarget(
      name: "EventModelTests",
      dependencies: ["EventModel", "Events", "Kinematics", "Runtime", "Torch", "TestSupport"]),
    .testTarget(
      name: "PretrainingTests",
      dependencies: ["Pretraining", "EventModel", "Events", "Runtime", "Torch", "TestSupport"]),
    .testTarget(
      name: "ClassificationTests",
      dependencies: [
        "Classification", "BoostedTrees", "EventModel", "Events", "Runtime", "Torch", "TestSupport",
      ]),
    .testTarget(
      name: "BoostedTreesTests", dependencies: ["BoostedTrees", "Runtime", "Torch", "TestSupport"]),
    .testTarget(
      name: "EvaluationTests", dependencies: ["Evaluation", "Runtime"], exclude: ["Fixtures"]),
    .testTarget(name: "StudyTests", dependencies: ["Study", "ROOTIO", "TestSupport"]),
    .testTarget(
      name: "EndToEndTests", dependencies: ["lorentz", "ROOTIO", "TestSupport", "Torch"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)
