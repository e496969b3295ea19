// S3's operations on single objects, and deleting many.
#include "buckets/names.h"
#include "buckets/s3_headers.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

constexpr std::size_t kMaxDeletes = 1000;  // S3's, of one request.

// response-content-type=… and the like replace a header of this one answer.
void ApplyOverrides(const S3Request& request, net::Headers& headers) {
  static constexpr const char* kNames[] = {"content-type",  "content-language",
                                           "expires",       "content-disposition",
                                           "cache-control", "content-encoding"};
  for (const char* name : kNames) {
    if (auto value = request.Query(std::string("response-") + name)) headers.Set(name, *value);
  }
}

// A Range that speaks of another version of the object is ignored.
bool RangeApplies(const S3Request& request, const Object& object) {
  const auto if_range = request.Header("if-range");
  return !if_range || WithoutQuotes(*if_range) == object.etag;
}

net::Response OutOfRange(std::uint64_t bytes) {
  net::Response response;
  response.status = 416;
  response.headers.Set("Content-Range", "bytes */" + std::to_string(bytes));
  response.headers.Set("Content-Type", "application/xml");
  Xml xml("Error", Xml::Namespace::kNone);
  xml.Add("Code", "InvalidRange");
  xml.Add("Message", "The requested range is not satisfiable");
  xml.Add("ActualObjectSize", static_cast<std::int64_t>(bytes));
  response.text = xml.Format();
  return response;
}

net::Response NotModified(const Object& object) {
  net::Response response;
  response.status = 304;
  WriteObjectHeaders(object, response.headers);
  return response;
}

struct Deletion {
  std::vector<std::string> keys;
  std::vector<std::pair<std::string, Error>> refused;  // By key.
  bool quiet = false;
};

Result<Deletion> ParseDeletion(const std::string& body) {
  const auto document = ParseXml(body);
  if (!document) return Fail(document.error());
  const pugi::xml_node root = (*document)->child("Delete");
  Deletion out;
  out.quiet = std::string_view(root.child_value("Quiet")) == "true";
  for (const pugi::xml_node object : root.children("Object")) {
    std::string key = object.child_value("Key");
    const std::string version = object.child_value("VersionId");
    if (!version.empty() && version != "null") {
      out.refused.emplace_back(std::move(key),
                               Error::NotFound("There are no versions.").WithCode("NoSuchVersion"));
    } else if (auto good = CheckKey(key); !good) {
      out.refused.emplace_back(std::move(key), good.error());
    } else {
      out.keys.push_back(std::move(key));
    }
  }
  const std::size_t count = out.keys.size() + out.refused.size();
  if (count == 0 || count > kMaxDeletes) {
    return Fail(Error::Invalid("The XML must name 1 to 1000 objects.").WithCode("MalformedXML"));
  }
  return out;
}

}  // namespace

Task<Result<net::Response>> PutObject(S3Services& services, const S3Request& request,
                                      Payload& payload) {
  auto attributes = ReadAttributes(request);
  if (!attributes) co_return Fail(attributes.error());
  auto condition = ReadPutCondition(request);
  if (!condition) co_return Fail(condition.error());
  auto object =
      co_await services.objects.Put(request.origin(), request.object_name(), std::move(*attributes),
                                    std::move(*condition), payload.incoming(), payload.body());
  if (!object) co_return Fail(object.error());
  net::Response response;
  response.headers.Set("ETag", Quoted(object->etag));
  WriteChecksumHeaders(object->checksum, response.headers);
  co_return response;
}

Task<Result<net::Response>> GetObject(S3Services& services, const S3Request& request, Payload&) {
  auto open = co_await services.objects.Open(request.object_name());
  if (!open) co_return Fail(open.error());
  const Object& object = (*open)->object();
  switch (JudgeConditions(request, "", object)) {
    case Verdict::kFailed:
      co_return Fail(PreconditionFailed());
    case Verdict::kNotModified:
      co_return NotModified(object);
    case Verdict::kGo:
      break;
  }
  std::optional<Range> range;
  if (RangeApplies(request, object)) {
    auto parsed = ParseRange(request.Header("range"), object.bytes);
    if (!parsed) co_return OutOfRange(object.bytes);
    range = *parsed;
  }
  net::Response response;
  WriteObjectHeaders(object, response.headers);
  ApplyOverrides(request, response.headers);
  if (range) {
    response.status = 206;
    response.headers.Set("Content-Range", "bytes " + std::to_string(range->first) + "-" +
                                              std::to_string(range->first + range->count - 1) +
                                              "/" + std::to_string(object.bytes));
  } else if (request.Header("x-amz-checksum-mode") == "ENABLED") {
    WriteChecksumHeaders(object.checksum, response.headers);
  }
  const Range whole{.first = 0, .count = object.bytes};
  const Range& wanted = range ? *range : whole;
  response.stream = (*open)->Read(wanted.first, wanted.count);
  co_return response;
}

Task<Result<net::Response>> DeleteObject(S3Services& services, const S3Request& request, Payload&) {
  auto deleted = co_await services.objects.Delete(request.origin(), request.object_name());
  if (!deleted) co_return Fail(deleted.error());
  net::Response response;
  response.status = 204;
  co_return response;
}

Task<Result<net::Response>> DeleteObjects(S3Services& services, const S3Request& request,
                                          Payload& payload) {
  auto body = co_await payload.ReadAll(kMaxXmlBytes);
  if (!body) co_return Fail(body.error());
  auto deletion = ParseDeletion(*body);
  if (!deletion) co_return Fail(deletion.error());
  auto deleted =
      co_await services.objects.DeleteMany(request.origin(), request.bucket_name(), deletion->keys);
  if (!deleted) co_return Fail(deleted.error());
  Xml xml("DeleteResult");
  for (const std::string& key : deletion->keys) {
    if (deletion->quiet) break;
    xml.Begin("Deleted");
    xml.Add("Key", key);
    xml.End();
  }
  for (const auto& [key, error] : deletion->refused) {
    xml.Begin("Error");
    xml.Add("Key", key);
    xml.Add("Code", error.code());
    xml.Add("Message", error.message());
    xml.End();
  }
  co_return XmlResponse(xml);
}

}  // namespace ebb::buckets
