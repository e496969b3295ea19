// api/ebb/metrics.h
// GET /metrics: the platform's numbers, for Prometheus.
#pragma once

#include "api/operation.h"

namespace ebb::api {

// Scrapers cannot sign, so there is no signature; it answers this machine only.
Answer ServeMetrics(const Setup& setup, const net::Request& request);

}  // namespace ebb::api
