// SPDX-License-Identifier: Apache-2.0

// Work that is shared by threads, piece by piece.

#pragma once

namespace ckernels {

/// Does piece `index` of some work; `worker` tells the threads apart, from 0.
using Work = void (*)(void *context, int index, int worker);

/// Does all pieces of some work and returns when they are done.
///
/// Threads take the next piece when they are done with one, so that one that is slow, because its
/// core has other things to do, is not waited for longer than a piece. No thread spins. The calling
/// thread is worker 0; where the others are busy with the work of another caller it works alone.
///
/// - threads: Most threads that work, the calling one included.
void share(int count, int threads, Work work, void *context);

}  // namespace ckernels
