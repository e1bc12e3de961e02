// SPDX-License-Identifier: Apache-2.0

import CTorch

/// The library that computes.
public enum LibTorch {
  /// The version that this program was compiled against, as in "2.13.0".
  public static let version = String(cString: ctorch_version())

  /// Whether the library that is loaded can use NVIDIA GPUs, if the machine has some.
  public static let isCUDABuild = ctorch_is_cuda_build()

  /// Lets the process keep the memory of freed tensors on the CPU, to be used again.
  ///
  /// Blocks of up to 1 GiB are kept, by sizes, as long as they are 1 GiB together. Otherwise large
  /// tensors come as new pages from the system, which clears them, in every training step. It acts
  /// on LibTorch's allocator and on glibc's, for the whole process: programs call it before they
  /// compute; libraries do not.
  public static func keepFreedMemory() { ctorch_keep_freed_memory() }

  /// How many tensors took memory since ``keepFreedMemory()``: blocks that came from the system,
  /// and blocks that freed tensors had left.
  public static var memoryCounts: (allocated: Int, reused: Int) {
    let counts = ctorch_count_memory()
    return (Int(counts.allocated), Int(counts.reused))
  }

  /// Whether operations choose algorithms that repeat to the last bit, on all threads.
  ///
  /// On the CPU, with the same number of threads, they do anyway. On a GPU some sums run in an
  /// order that changes; the algorithms that repeat are slower, an operation that has none ends
  /// the program, and matrix products need `CUBLAS_WORKSPACE_CONFIG=:4096:8` in the environment.
  public static var isDeterministic: Bool {
    get { ctorch_is_deterministic() }
    set { ctorch_set_deterministic(newValue) }
  }
}

/// The number of threads that work on one operation.
public enum Threads {
  /// Sets the number for operations that the calling thread starts.
  ///
  /// LibTorch splits large operations over the threads of OpenMP and MKL, whose number belongs to
  /// the thread that calls. A thread that has not computed yet starts with the number that was
  /// set last by any thread. When several threads train a model each, every one of them calls this
  /// with 1 first; more would only wait for each other.
  ///
  /// - Precondition: `count` is positive.
  public static func setCount(_ count: Int) {
    precondition(
      (1...4096).contains(count), "The number of threads must be in 1...4096, not \(count).")
    ctorch_set_thread_count(count)
  }

  /// The number for operations that the calling thread starts.
  public static var count: Int { ctorch_thread_count() }
}
