// S3's operations on multipart uploads.
#include <charconv>

#include "base/encoding.h"
#include "base/time_format.h"
#include "buckets/s3_headers.h"
#include "buckets/s3_operations.h"

namespace ebb::buckets {
namespace {

constexpr int kMaxListed = 1000;  // S3's, of one page.

struct ChecksumChoice {
  std::optional<ChecksumKind> kind;
  ChecksumScope scope = ChecksumScope::kComposite;
};

std::unexpected<Error> BadChecksumChoice(std::string message) {
  return Fail(Error::Invalid(std::move(message)).WithCode("InvalidRequest"));
}

Result<ChecksumChoice> ReadChecksumChoice(const S3Request& request) {
  ChecksumChoice choice;
  const auto algorithm = request.Header("x-amz-checksum-algorithm");
  if (!algorithm) return choice;
  choice.kind = ParseChecksumKind(*algorithm);
  if (!choice.kind) return BadChecksumChoice("Checksum algorithm provided is unsupported.");
  const bool only_full = choice.kind == ChecksumKind::kCrc64Nvme;
  const bool only_composite =
      choice.kind == ChecksumKind::kSha1 || choice.kind == ChecksumKind::kSha256;
  const std::string type =
      request.Header("x-amz-checksum-type").value_or(only_full ? "FULL_OBJECT" : "COMPOSITE");
  if (type == "FULL_OBJECT") choice.scope = ChecksumScope::kFullObject;
  if ((type != "FULL_OBJECT" && type != "COMPOSITE") || (type == "FULL_OBJECT" && only_composite) ||
      (type == "COMPOSITE" && only_full)) {
    return BadChecksumChoice("The " + type + " checksum type cannot be used with the " +
                             *algorithm + " checksum algorithm.");
  }
  return choice;
}

const char* ToString(ChecksumScope scope) {
  return scope == ChecksumScope::kFullObject ? "FULL_OBJECT" : "COMPOSITE";
}

Error MalformedXml() {
  return Error::Invalid(
             "The XML you provided was not well-formed or did not validate against our "
             "published schema")
      .WithCode("MalformedXML");
}

Result<std::vector<NamedPart>> ParseParts(const std::string& body) {
  const auto document = ParseXml(body);
  if (!document) return Fail(document.error());
  std::vector<NamedPart> out;
  for (const pugi::xml_node part : (*document)->first_child().children("Part")) {
    NamedPart named{.number = part.child("PartNumber").text().as_int(),
                    .etag = WithoutQuotes(part.child_value("ETag")),
                    .checksum = {}};
    for (const ChecksumKind kind : kChecksumKinds) {
      const std::string value = part.child_value(ChecksumElementOf(kind));
      if (!value.empty()) named.checksum = Checksum{.kind = kind, .value = value};
    }
    if (named.number < 1 || named.etag.empty()) return Fail(MalformedXml());
    out.push_back(std::move(named));
  }
  if (out.empty()) return Fail(MalformedXml());
  return out;
}

// What headers say of the finished object.
Result<void> ReadExpectations(const S3Request& request, Completion& completion) {
  for (const ChecksumKind kind : kChecksumKinds) {
    if (const auto value = request.Header(ChecksumHeaderOf(kind))) {
      completion.checksum = Checksum{.kind = kind, .value = *value};
    }
  }
  if (const auto text = request.Header("x-amz-mp-object-size")) {
    std::uint64_t bytes = 0;
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), bytes);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) {
      return Fail(Error::Invalid("x-amz-mp-object-size must be a number of bytes.")
                      .WithCode("InvalidRequest"));
    }
    completion.bytes = bytes;
  }
  return {};
}

void AddOwner(Xml& xml, const char* element, const std::string& account) {
  xml.Begin(element);
  xml.Add("ID", account);
  xml.Add("DisplayName", account);
  xml.End();
}

}  // namespace

Task<Result<net::Response>> CreateUpload(S3Services& services, const S3Request& request, Payload&) {
  auto attributes = ReadAttributes(request);
  if (!attributes) co_return Fail(attributes.error());
  const auto choice = ReadChecksumChoice(request);
  if (!choice) co_return Fail(choice.error());
  auto upload = co_await services.objects.CreateUpload(
      request.object_name(), std::move(*attributes), choice->kind, choice->scope);
  if (!upload) co_return Fail(upload.error());
  Xml xml("InitiateMultipartUploadResult");
  xml.Add("Bucket", request.bucket);
  xml.Add("Key", request.key);
  xml.Add("UploadId", upload->id);
  auto response = XmlResponse(xml);
  if (choice->kind) {
    response.headers.Set("x-amz-checksum-algorithm", buckets::ToString(*choice->kind));
    response.headers.Set("x-amz-checksum-type", ToString(choice->scope));
  }
  co_return response;
}

Task<Result<net::Response>> PutPart(S3Services& services, const S3Request& request,
                                    Payload& payload) {
  const auto number = request.IntQuery("partNumber", 0, 1 << 20);
  if (!number) co_return Fail(number.error());
  const std::string upload = request.Query("uploadId").value_or("");
  auto there = co_await services.objects.FindUpload(request.object_name(), upload);
  if (!there) co_return Fail(there.error());
  // The checksum of the whole is made of those of all its parts.
  if (there->checksum_kind) payload.AlsoCompute(*there->checksum_kind);
  auto part = co_await services.objects.PutPart(request.object_name(), upload, *number,
                                                payload.incoming(), payload.body());
  if (!part) co_return Fail(part.error());
  net::Response response;
  response.headers.Set("ETag", Quoted(part->etag));
  if (part->checksum) {
    response.headers.Set(ChecksumHeaderOf(part->checksum->kind), part->checksum->value);
  }
  co_return response;
}

Task<Result<net::Response>> ListParts(S3Services& services, const S3Request& request, Payload&) {
  const auto limit = request.IntQuery("max-parts", kMaxListed, kMaxListed);
  if (!limit) co_return Fail(limit.error());
  const auto after = request.IntQuery("part-number-marker", 0, 1 << 20);
  if (!after) co_return Fail(after.error());
  const std::string upload = request.Query("uploadId").value_or("");
  auto listing = co_await services.objects.ListParts(request.object_name(), upload, *after, *limit);
  if (!listing) co_return Fail(listing.error());
  Xml xml("ListPartsResult");
  xml.Add("Bucket", request.bucket);
  xml.Add("Key", request.key);
  xml.Add("UploadId", upload);
  AddOwner(xml, "Initiator", request.identity.account);
  AddOwner(xml, "Owner", request.identity.account);
  xml.Add("StorageClass", "STANDARD");
  xml.Add("PartNumberMarker", std::int64_t{*after});
  const int last = listing->parts.empty() ? *after : listing->parts.back().number;
  xml.Add("NextPartNumberMarker", std::int64_t{last});
  xml.Add("MaxParts", std::int64_t{*limit});
  xml.Add("IsTruncated", listing->truncated);
  if (listing->upload.checksum_kind) {
    xml.Add("ChecksumAlgorithm", buckets::ToString(*listing->upload.checksum_kind));
    xml.Add("ChecksumType", ToString(listing->upload.checksum_scope));
  }
  for (const Part& part : listing->parts) {
    xml.Begin("Part");
    xml.Add("PartNumber", std::int64_t{part.number});
    xml.Add("LastModified", base::FormatIsoMillis(part.modified));
    xml.Add("ETag", Quoted(part.etag));
    xml.Add("Size", static_cast<std::int64_t>(part.bytes));
    if (part.checksum) xml.Add(ChecksumElementOf(part.checksum->kind), part.checksum->value);
    xml.End();
  }
  co_return XmlResponse(xml);
}

Task<Result<net::Response>> ListUploads(S3Services& services, const S3Request& request, Payload&) {
  if (!request.Query("delimiter").value_or("").empty()) {
    co_return Fail(Error::Invalid("Listing uploads by delimiter is not implemented.")
                       .WithCode("NotImplemented"));
  }
  const auto limit = request.IntQuery("max-uploads", kMaxListed, kMaxListed);
  if (!limit) co_return Fail(limit.error());
  UploadListOptions options{.prefix = request.Query("prefix").value_or(""),
                            .after_key = request.Query("key-marker").value_or(""),
                            .after_id = request.Query("upload-id-marker").value_or(""),
                            .limit = *limit};
  auto listing = co_await services.objects.ListUploads(request.bucket_name(), options);
  if (!listing) co_return Fail(listing.error());
  const bool url = request.Query("encoding-type") == "url";
  const auto text = [&](const std::string& key) {
    return url ? base::FormatPercent(key, base::Slash::kKeep) : key;
  };
  Xml xml("ListMultipartUploadsResult");
  xml.Add("Bucket", request.bucket);
  xml.Add("KeyMarker", text(options.after_key));
  xml.Add("UploadIdMarker", options.after_id);
  xml.Add("Prefix", text(options.prefix));
  if (url) xml.Add("EncodingType", "url");
  if (listing->truncated && !listing->uploads.empty()) {
    xml.Add("NextKeyMarker", text(listing->uploads.back().key));
    xml.Add("NextUploadIdMarker", listing->uploads.back().id);
  }
  xml.Add("MaxUploads", std::int64_t{*limit});
  xml.Add("IsTruncated", listing->truncated);
  for (const Upload& upload : listing->uploads) {
    xml.Begin("Upload");
    xml.Add("Key", text(upload.key));
    xml.Add("UploadId", upload.id);
    AddOwner(xml, "Initiator", request.identity.account);
    AddOwner(xml, "Owner", request.identity.account);
    xml.Add("StorageClass", "STANDARD");
    xml.Add("Initiated", base::FormatIsoMillis(upload.created));
    xml.End();
  }
  co_return XmlResponse(xml);
}

Task<Result<net::Response>> CompleteUpload(S3Services& services, const S3Request& request,
                                           Payload& payload) {
  auto condition = ReadPutCondition(request);
  if (!condition) co_return Fail(condition.error());
  auto body = co_await payload.ReadAll(kMaxXmlBytes);
  if (!body) co_return Fail(body.error());
  auto parts = ParseParts(*body);
  if (!parts) co_return Fail(parts.error());
  Completion completion{.parts = std::move(*parts), .checksum = {}, .bytes = {}};
  if (auto read = ReadExpectations(request, completion); !read) co_return Fail(read.error());
  auto object = co_await services.objects.CompleteUpload(
      request.origin(), request.object_name(), request.Query("uploadId").value_or(""),
      std::move(completion), std::move(*condition));
  if (!object) co_return Fail(object.error());
  Xml xml("CompleteMultipartUploadResult");
  xml.Add("Location", "http://" + request.Header("host").value_or("localhost") + "/" +
                          request.bucket + "/" +
                          base::FormatPercent(request.key, base::Slash::kKeep));
  xml.Add("Bucket", request.bucket);
  xml.Add("Key", request.key);
  xml.Add("ETag", Quoted(object->etag));
  if (object->checksum) {
    xml.Add(ChecksumElementOf(object->checksum->kind), object->checksum->value);
    xml.Add("ChecksumType", object->checksum->composite() ? "COMPOSITE" : "FULL_OBJECT");
  }
  co_return XmlResponse(xml);
}

Task<Result<net::Response>> AbortUpload(S3Services& services, const S3Request& request, Payload&) {
  auto aborted = co_await services.objects.AbortUpload(request.object_name(),
                                                       request.Query("uploadId").value_or(""));
  if (!aborted) co_return Fail(aborted.error());
  net::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace ebb::buckets
