// SPDX-License-Identifier: Apache-2.0

import Testing
import Torch

@Suite struct DeviceTests {
  @Test func `the CPU and its name are one`() throws {
    #expect(try Device(parsing: "cpu") == .cpu)
    #expect(Device.cpu.description == "cpu")
    #expect(Device.cuda(1).description == "cuda:1")
    #expect(!Device.cpu.isCUDA)
    #expect(Device.cuda().isCUDA)
  }

  @Test(arguments: ["", "gpu", "CPU", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:01", "cpu:0"])
  func `a text that names no device says which there are`(_ text: String) throws {
    let error = try #require(throws: TorchError.self) { try Device(parsing: text) }
    #expect(error.code == .invalidDevice)
    let start = "cannot use the device \"\(text)\": there is no such name. Write cpu"
    #expect(error.description.hasPrefix(start))
  }

  @Test(.enabled(if: !LibTorch.isCUDABuild))
  func `a GPU that this library cannot use is missing`() throws {
    let error = try #require(throws: TorchError.self) { try Device(parsing: "cuda") }
    #expect(error.code == .missingDevice)
    #expect(
      error.description
        == "cannot use the device \"cuda\": this LibTorch \(LibTorch.version) is built for the "
        + "CPU only. Available here: cpu.")
  }

  @Test(.enabled(if: LibTorch.isCUDABuild))
  func `a GPU beyond the last one is missing`() throws {
    let error = try #require(throws: TorchError.self) { try Device(parsing: "cuda:127") }
    #expect(error.code == .missingDevice)
  }

  @Test func `the version has three numbers`() {
    #expect(LibTorch.version.split(separator: ".").count >= 3)
  }

  @Test func `deterministic algorithms can be asked for`() async {
    // In a process of its own: the setting holds for all threads.
    await #expect(processExitsWith: .success) {
      precondition(!LibTorch.isDeterministic)
      LibTorch.isDeterministic = true
      precondition(LibTorch.isDeterministic)
      let sum = Tensor.zeros([2]).indexAdd(
        dimension: 0, indices: Tensor([1, 1]), source: Tensor.ones([2]))
      precondition(sum.floats() == [0, 2])
    }
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a GPU computes what the CPU computes`() throws {
    let device = try Device(parsing: "cuda")
    let x = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
    let y = x.to(device: device)
    #expect(y.device == .cuda(0))
    #expect(y.description == "[2, 2] float32 cuda:0")
    #expect(y.matmul(y).floats() == x.matmul(x).floats())
  }

  @Test(.enabled(if: Device.isCUDAAvailable))
  func `a GPU's memory that runs out is an error in a scope`() throws {
    let error = try #require(throws: TorchError.self) {
      try withTorchErrors { _ = Tensor.zeros([1 << 25, 1 << 25], device: .cuda()) }
    }
    #expect(error.code == .outOfMemory)
    #expect(Tensor.ones([2], device: .cuda()).floats() == [1, 1])
  }
}
