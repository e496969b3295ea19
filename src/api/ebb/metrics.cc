#include "api/ebb/metrics.h"

namespace ebb::api {

Answer ServeMetrics(const Setup& setup, const net::Request& request) {
  if (request.method != "GET") {
    return Fail(Error::Invalid("'" + request.method + "' against '/metrics' is not supported")
                    .WithCode("PathNotSupported"));
  }
  if (!request.peer.starts_with("127.") && !request.peer.starts_with("[::1]:")) {
    return Fail(Error::Denied("/metrics answers only this machine").WithCode("AccessDenied"));
  }
  net::Response response;
  response.headers.Add("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  response.text = setup.services.metrics.Format();
  return response;
}

}  // namespace ebb::api
