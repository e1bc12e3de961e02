// SPDX-License-Identifier: Apache-2.0

// The parts of the kernels in their order, for the namespace of a set of instructions.

#include "vector.hpp"
#include "product.hpp"
#include "attention.hpp"
#include "rows.hpp"
#include "layer.hpp"
#include "encoder.hpp"
#include "batch.hpp"
#include "pairbias.hpp"
