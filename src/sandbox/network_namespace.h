// sandbox/network_namespace.h
// Network namespaces that hold nothing but a loopback, and sockets inside them.
//
// A thread that works here is inside the namespace for some microseconds: see
// egress/network_visit.h.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/fd.h"

namespace ebb::sandbox {

// Takes half a millisecond: not on the io_context.
Result<base::Fd> MakeNetworkNamespace();

// For a namespace of somebody else's making.
Result<void> BringLoopbackUpIn(const base::Fd& network);

// A listening socket on 127.0.0.1:`port` inside.
Result<base::Fd> ListenInside(const base::Fd& network, std::uint16_t port);

// A non-blocking TCP socket inside, with a connect to 127.0.0.1:`port` under way or done: it is
// writable when that is decided.
Result<base::Fd> BeginConnectInside(const base::Fd& network, std::uint16_t port);

}  // namespace ebb::sandbox
