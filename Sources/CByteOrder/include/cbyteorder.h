// SPDX-License-Identifier: Apache-2.0
//
// Numbers of ROOT files, whose bytes lie in the other order.
//
// Plain loops, compiled for the vector instructions that the processor has: columns that are not
// compressed are read about as fast as they can be copied.

#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Copies `count` numbers of 2, 4 or 8 bytes and turns their bytes round. Neither end need be
/// aligned for its numbers.
void cbyteorder_swap16(const void *source, void *target, size_t count);
void cbyteorder_swap32(const void *source, void *target, size_t count);
void cbyteorder_swap64(const void *source, void *target, size_t count);

/// Reads big-endian 32-bit positions, less `origin`; the difference wraps.
void cbyteorder_positions(const void *stored, int32_t *target, size_t count, int32_t origin);

/// Whether big-endian 32-bit positions, less `origin`, are offsets, less the first of them, times
/// 2 to the power of `shift`.
int cbyteorder_positions_are(
    const void *positions, const int64_t *offsets, size_t count, int64_t origin, int shift);

#ifdef __cplusplus
}
#endif
