// invoke/held_body.h
// The body of a custom function's response: the attempt goes on until it has been read.
#pragma once

#include <memory>

#include "invoke/running.h"
#include "net/http.h"

namespace ebb::invoke {

// Ends the attempt with `outcome` at the body's end, with a fault where it breaks, and as cancelled
// when it is dropped before.
std::unique_ptr<net::Body> HoldUntilRead(std::unique_ptr<Running> running,
                                         std::unique_ptr<net::Body> body, model::Outcome outcome);

}  // namespace ebb::invoke
