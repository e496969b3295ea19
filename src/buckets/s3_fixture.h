// buckets/s3_fixture.h
// An S3 door over a real store, and a client of its own that signs requests.
#pragma once

#include "base/encoding.h"
#include "base/hash.h"
#include "base/time_format.h"
#include "buckets/s3_door.h"
#include "buckets/sigv4.h"
#include "buckets/store_fixture.h"

namespace ebb::buckets {

using Fields = std::vector<std::pair<std::string, std::string>>;

class S3Fixture : public StoreFixture {
 protected:
  S3Fixture() { MakeBucket(); }

  // A request that is not signed yet.
  net::Request Make(const std::string& method, const std::string& target,
                    const std::string& body = "", const Fields& headers = {}) {
    net::Request request;
    request.method = method;
    request.target = target;
    const auto question = target.find('?');
    request.path = target.substr(0, question);
    if (question != std::string::npos) request.query = target.substr(question + 1);
    request.headers.Add("Host", "127.0.0.1:8901");
    for (const auto& [name, value] : headers) request.headers.Set(name, value);
    request.peer = "127.0.0.1:50000";
    request.body = std::make_unique<StepBody>(body);
    return request;
  }

  // Signs it in its header.  `payload` is x-amz-content-sha256.
  SignatureClaim Sign(net::Request& request, const std::string& payload) {
    SignatureClaim claim;
    claim.scope = base::FormatIsoCompact(clock_.WallNow() + skew_).substr(0, 8) +
                  "/any-region/s3/aws4_request";
    claim.timestamp = base::FormatIsoCompact(clock_.WallNow() + skew_);
    claim.payload_hash = payload;
    request.headers.Set("x-amz-date", claim.timestamp);
    request.headers.Set("x-amz-content-sha256", payload);
    if (!token_.empty()) request.headers.Set("x-amz-security-token", token_);
    std::string names;
    for (const auto& [name, value] : request.headers) {
      std::string lower = name;
      for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      claim.signed_headers.push_back(lower);
    }
    std::ranges::sort(claim.signed_headers);
    for (const auto& name : claim.signed_headers) names += (names.empty() ? "" : ";") + name;
    const std::string canonical = CanonicalRequest(claim, request, net::ParseQuery(request.query));
    claim.signature = base::FormatHex(
        base::HmacSha256(SigningKey(secret_, claim.scope), StringToSign(claim, canonical)));
    request.headers.Set("Authorization", "AWS4-HMAC-SHA256 Credential=" + key_ + "/" + claim.scope +
                                             ", SignedHeaders=" + names +
                                             ", Signature=" + claim.signature);
    return claim;
  }

  struct Answer {
    int status = 0;
    std::string code;  // Of an error.
    net::Headers headers;
    std::string text;
  };

  Answer Send(net::Request request) {
    net::Response response = Wait(door_.Handle(request));
    Answer answer{.status = response.status, .code = {}, .headers = response.headers, .text = {}};
    answer.text = response.stream ? Wait(net::ReadAll(*response.stream, 64 << 20)).value_or("?")
                                  : response.text;
    const auto code = answer.text.find("<Code>");
    if (response.status >= 300 && code != std::string::npos) {
      answer.code = answer.text.substr(code + 6, answer.text.find("</Code>") - code - 6);
    }
    return answer;
  }

  // Signs and sends.
  Answer Do(const std::string& method, const std::string& target, const std::string& body = "",
            const Fields& headers = {}) {
    auto request = Make(method, target, body, headers);
    Sign(request, base::Sha256Hex(body));
    return Send(std::move(request));
  }

  std::string key_ = "AKID";
  std::string secret_ = "secret";
  std::string token_;
  Duration skew_{};
  S3Door door_{{},
               *objects_,
               [](const std::string& id, const std::string& token) -> Result<catalog::Credential> {
                 if (id == "AKID" && token.empty()) {
                   return catalog::Credential{{"1000", id, ""}, "secret"};
                 }
                 if (id == "STS.1" && token == "token") {
                   return catalog::Credential{{"1000", id, "thumbnail"}, "temporary"};
                 }
                 return Fail(Error::Denied("unknown").WithCode("InvalidAccessKeyID"));
               },
               clock_,
               random_};
};

}  // namespace ebb::buckets
