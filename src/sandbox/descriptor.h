// sandbox/descriptor.h
// Waiting for descriptors that are no streams: see net/descriptor.h.
#pragma once

#include "net/descriptor.h"

namespace ebb::sandbox {

using net::Descriptor;

}  // namespace ebb::sandbox
