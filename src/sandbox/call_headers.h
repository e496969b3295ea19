// sandbox/call_headers.h
// The x-fc-… header fields by which a program of the user's learns what it is asked, and for whom.
#pragma once

#include "net/http.h"
#include "sandbox/launcher.h"

namespace ebb::sandbox {

// Those that both of FC's contracts have: the one over HTTP and the internal runtime protocol.
net::Headers MakeCallHeaders(const Spec& spec, const Call& call);

}  // namespace ebb::sandbox
