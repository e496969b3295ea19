// S3's copies: of an object to another, and of a part of one into an upload.
#include "base/encoding.h"
#include "base/time_format.h"
#include "buckets/names.h"
#include "buckets/s3_headers.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

// x-amz-copy-source: "[/]bucket/key[?versionId=…]", percent-encoded.
Result<ObjectName> ParseSource(const S3Request& request) {
  const auto bad = [] {
    return Fail(Error::Invalid("Copy Source must mention the source bucket and key: "
                               "sourcebucket/sourcekey")
                    .WithCode("InvalidArgument"));
  };
  std::string text = request.Header("x-amz-copy-source").value_or("");
  const auto question = text.find('?');
  if (question != std::string::npos) {
    if (text.substr(question) != "?versionId=null") {
      return Fail(Error::NotFound("There are no versions.").WithCode("NoSuchVersion"));
    }
    text.resize(question);
  }
  const auto path = base::ParsePercent(text);
  if (!path) return bad();
  const std::size_t start = path->starts_with('/') ? 1 : 0;
  const auto slash = path->find('/', start);
  if (slash == std::string::npos) return bad();
  ObjectName name{.account = request.identity.account,
                  .bucket = path->substr(start, slash - start),
                  .key = path->substr(slash + 1)};
  if (auto good = CheckBucketName(name.bucket); !good) return Fail(good.error());
  if (auto good = CheckKey(name.key); !good) return Fail(good.error());
  return name;
}

Task<Result<std::unique_ptr<OpenObject>>> OpenSource(ObjectStore& objects, const S3Request& request,
                                                     ObjectName name) {
  auto open = co_await objects.Open(std::move(name));
  if (!open) co_return Fail(open.error());
  const auto verdict = JudgeConditions(request, "x-amz-copy-source-", (*open)->object());
  if (verdict != Verdict::kGo) co_return Fail(PreconditionFailed());
  co_return open;
}

// kCopy keeps the source's attributes, kReplace takes those of the request.
enum class Directive { kCopy, kReplace };

Result<Directive> ReadDirective(const S3Request& request) {
  const std::string text = request.Header("x-amz-metadata-directive").value_or("COPY");
  if (text == "COPY") return Directive::kCopy;
  if (text == "REPLACE") return Directive::kReplace;
  return Fail(Error::Invalid("Unknown metadata directive.").WithCode("InvalidArgument"));
}

net::Response CopyResult(const char* root, const std::string& etag, WallTime modified,
                         const std::optional<Checksum>& checksum) {
  Xml xml(root);
  xml.Add("LastModified", base::FormatIsoMillis(modified));
  xml.Add("ETag", Quoted(etag));
  if (checksum) xml.Add(ChecksumElementOf(checksum->kind), checksum->value);
  return XmlResponse(xml);
}

}  // namespace

Task<Result<net::Response>> CopyObject(S3Services& services, const S3Request& request, Payload&) {
  const auto source = ParseSource(request);
  if (!source) co_return Fail(source.error());
  const auto directive = ReadDirective(request);
  if (!directive) co_return Fail(directive.error());
  std::optional<Attributes> attributes;
  if (*directive == Directive::kReplace) {
    auto read = ReadAttributes(request);
    if (!read) co_return Fail(read.error());
    attributes = std::move(*read);
  } else if (source->bucket == request.bucket && source->key == request.key) {
    co_return Fail(Error::Invalid("This copy request is illegal because it is trying to copy an "
                                  "object to itself without changing the object's metadata.")
                       .WithCode("InvalidRequest"));
  }
  auto open = co_await OpenSource(services.objects, request, *source);
  if (!open) co_return Fail(open.error());
  auto object = co_await services.objects.Copy(request.origin(), std::move(*open),
                                               request.object_name(), std::move(attributes));
  if (!object) co_return Fail(object.error());
  co_return CopyResult("CopyObjectResult", object->etag, object->modified, object->checksum);
}

Task<Result<net::Response>> CopyPart(S3Services& services, const S3Request& request, Payload&) {
  const auto source = ParseSource(request);
  if (!source) co_return Fail(source.error());
  const auto number = request.IntQuery("partNumber", 0, 1 << 20);
  if (!number) co_return Fail(number.error());
  const std::string upload = request.Query("uploadId").value_or("");
  auto there = co_await services.objects.FindUpload(request.object_name(), upload);
  if (!there) co_return Fail(there.error());
  auto open = co_await OpenSource(services.objects, request, *source);
  if (!open) co_return Fail(open.error());
  const Object& object = (*open)->object();

  Range range{.first = 0, .count = object.bytes};
  if (const auto header = request.Header("x-amz-copy-source-range")) {
    const auto parsed = ParseRange(header, object.bytes);
    if (!parsed || !*parsed) {
      co_return Fail(Error::Invalid("The x-amz-copy-source-range value must be of the form "
                                    "bytes=first-last and lie within the source.")
                         .WithCode("InvalidArgument"));
    }
    range = **parsed;
  }
  Incoming incoming;
  if (const auto kind = there->checksum_kind) {
    incoming.wanted.checksums = {*kind};
    incoming.check = [kind = *kind](const Digests& digests) -> Result<std::optional<Checksum>> {
      return Checksum{.kind = kind, .value = base::FormatBase64(digests.checksums.at(kind))};
    };
  }
  const auto body = (*open)->Read(range.first, range.count);
  auto part = co_await services.objects.PutPart(request.object_name(), upload, *number,
                                                std::move(incoming), *body);
  if (!part) co_return Fail(part.error());
  co_return CopyResult("CopyPartResult", part->etag, part->modified, part->checksum);
}

}  // namespace ebb::buckets
