#!/usr/bin/python3
"""boto3 against the S3 door: the calls that programs make."""
import base64
import datetime
import hashlib
import io
import os
import secrets
import sys
import time
import urllib.error
import urllib.request

import boto3
import botocore.client
import botocore.exceptions

ENDPOINT = os.environ["EBB_S3_ENDPOINT"]
BUCKET = "ebb-test-" + secrets.token_hex(6)
PART = 5 * 1024 * 1024


def client(**options):
    config = {"s3": {"addressing_style": "path"}, "retries": {"max_attempts": 1}}
    config.update(options.pop("config", {}))
    keys = {"aws_access_key_id": os.environ["EBB_ACCESS_KEY_ID"],
            "aws_secret_access_key": os.environ["EBB_ACCESS_KEY_SECRET"]}
    keys.update(options)
    return boto3.client("s3", endpoint_url=ENDPOINT, region_name="local",
                        config=botocore.client.Config(**config), **keys)


s3 = client()


def ok(what):
    print("ok", what)


def check(what, truth, *details):
    if not truth:
        print("not ok", what, *details)
        sys.exit(1)
    ok(what)


def same(what, expected, actual):
    check(what, expected == actual, f"\n  expected {expected!r}\n  got      {actual!r}")


def refused(what, code, call, **arguments):
    try:
        call(**arguments)
    except botocore.exceptions.ClientError as e:
        same(what, code, e.response["Error"]["Code"])
        return e.response
    check(what, False, "it was accepted")


def body_of(**arguments):
    return s3.get_object(Bucket=BUCKET, **arguments)["Body"].read()


def buckets():
    s3.create_bucket(Bucket=BUCKET)
    check("a bucket is listed", BUCKET in [b["Name"] for b in s3.list_buckets()["Buckets"]])
    s3.head_bucket(Bucket=BUCKET)
    refused("the same bucket again", "BucketAlreadyOwnedByYou", s3.create_bucket, Bucket=BUCKET)
    refused("a bucket that is not there", "NoSuchBucket", s3.list_objects_v2, Bucket="no-such-bucket")
    same("versioning is off", None, s3.get_bucket_versioning(Bucket=BUCKET).get("Status"))
    refused("no CORS rules", "NoSuchCORSConfiguration", s3.get_bucket_cors, Bucket=BUCKET)


def puts_and_gets():
    put = s3.put_object(Bucket=BUCKET, Key="a/ü +&?#%.txt", Body=b"hello", ContentType="text/x",
                        ContentDisposition="attachment", ContentEncoding="identity", ContentLanguage="de",
                        CacheControl="no-cache", Expires=datetime.datetime(2030, 1, 1),
                        Metadata={"mood": "good", "Two-Words": "a  b"})
    same("the ETag is the MD5", '"5d41402abc4b2a76b9719d911017c592"', put["ETag"])
    got = s3.get_object(Bucket=BUCKET, Key="a/ü +&?#%.txt")
    same("the bytes come back", b"hello", got["Body"].read())
    same("the headers come back", ("text/x", "attachment", "identity", "de", "no-cache", 2030),
         (got["ContentType"], got["ContentDisposition"], got["ContentEncoding"], got["ContentLanguage"],
          got["CacheControl"], got["Expires"].year))
    same("the metadata comes back", "good", got["Metadata"]["mood"])
    age = datetime.datetime.now(datetime.timezone.utc) - got["LastModified"]
    check("Last-Modified is now", abs(age.total_seconds()) < 300, age)
    over = s3.get_object(Bucket=BUCKET, Key="a/ü +&?#%.txt", ResponseContentType="image/png",
                         ResponseContentDisposition="inline")
    same("a request may override headers", ("image/png", "inline"),
         (over["ContentType"], over["ContentDisposition"]))
    refused("an object that is not there", "NoSuchKey", s3.get_object, Bucket=BUCKET, Key="nothing")
    refused("the same by HEAD", "404", s3.head_object, Bucket=BUCKET, Key="nothing")
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    same("an empty object", b"", body_of(Key="empty"))
    for key in ("../../etc/passwd", "a//b", "/lead", ".", "trail/", "k" * 1024):
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
        same(f"the key {key[:20]!r} is just a key", key.encode(), body_of(Key=key))
    refused("a key of 1025 bytes", "KeyTooLongError", s3.put_object, Bucket=BUCKET, Key="k" * 1025, Body=b"")


def ranges_and_conditions():
    s3.put_object(Bucket=BUCKET, Key="r", Body=b"0123456789")
    for given, expected in (("bytes=0-0", b"0"), ("bytes=2-4", b"234"), ("bytes=7-", b"789"), ("bytes=-3", b"789"),
                            ("bytes=5-100", b"56789"), ("bytes=-100", b"0123456789"), ("lines=1-2", b"0123456789")):
        same(f"Range: {given}", expected, body_of(Key="r", Range=given))
    same("Content-Range", "bytes 2-4/10", s3.get_object(Bucket=BUCKET, Key="r", Range="bytes=2-4")["ContentRange"])
    refused("a range outside", "InvalidRange", s3.get_object, Bucket=BUCKET, Key="r", Range="bytes=10-")
    etag = s3.head_object(Bucket=BUCKET, Key="r")["ETag"]
    past, future = datetime.datetime(2020, 1, 1), datetime.datetime(2099, 1, 1)
    same("If-Match that fits", b"0123456789", body_of(Key="r", IfMatch=etag))
    refused("If-Match that does not", "PreconditionFailed", s3.get_object, Bucket=BUCKET, Key="r", IfMatch='"x"')
    refused("If-None-Match that fits", "304", s3.get_object, Bucket=BUCKET, Key="r", IfNoneMatch=etag)
    refused("If-Modified-Since", "304", s3.get_object, Bucket=BUCKET, Key="r", IfModifiedSince=future)
    same("If-Modified-Since long ago", b"0123456789", body_of(Key="r", IfModifiedSince=past))
    refused("If-Unmodified-Since", "PreconditionFailed", s3.get_object, Bucket=BUCKET, Key="r",
            IfUnmodifiedSince=past)


def put_conditions():
    """As newer versions of boto3 send them."""
    def put_if(name, value, **arguments):
        one = client()
        one.meta.events.register("before-sign.s3.PutObject", lambda request, **_: request.headers.add_header(name, value))
        return one.put_object(Bucket=BUCKET, **arguments)

    etag = put_if("If-None-Match", "*", Key="once", Body=b"1")["ETag"]
    refused("a put where something is", "PreconditionFailed", put_if, name="If-None-Match", value="*", Key="once",
            Body=b"2")
    put_if("If-Match", etag, Key="once", Body=b"3")
    refused("a put where something else is", "PreconditionFailed", put_if, name="If-Match", value=etag, Key="once",
            Body=b"4")
    same("only the put that could be was done", b"3", body_of(Key="once"))


def integrity():
    md5 = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    s3.put_object(Bucket=BUCKET, Key="sum", Body=b"hello", ContentMD5=md5)
    ok("Content-MD5 that fits")
    refused("Content-MD5 that does not", "BadDigest", s3.put_object, Bucket=BUCKET, Key="sum", Body=b"hallo",
            ContentMD5=md5)
    refused("Content-MD5 that is none", "InvalidDigest", s3.put_object, Bucket=BUCKET, Key="sum", Body=b"hello",
            ContentMD5="x")
    same("a refused put changes nothing", b"hello", body_of(Key="sum"))
    for kind in ("CRC32", "CRC32C", "SHA1", "SHA256"):
        put = s3.put_object(Bucket=BUCKET, Key="sum", Body=b"hello", ChecksumAlgorithm=kind)
        got = s3.get_object(Bucket=BUCKET, Key="sum", ChecksumMode="ENABLED")
        check(f"the {kind} is returned", got["Checksum" + kind] == put["Checksum" + kind] != "", got)
        refused(f"a wrong {kind} is refused", "BadDigest", s3.put_object, Bucket=BUCKET, Key="sum", Body=b"hallo",
                **{"Checksum" + kind: put["Checksum" + kind]})


def copies():
    s3.put_object(Bucket=BUCKET, Key="src ü", Body=b"source", ContentType="text/x", Metadata={"a": "1"})
    source = {"Bucket": BUCKET, "Key": "src ü"}
    etag = s3.head_object(**source)["ETag"]
    same("a copy has the ETag of its source", etag,
         s3.copy_object(Bucket=BUCKET, Key="dst", CopySource=source)["CopyObjectResult"]["ETag"])
    got = s3.get_object(Bucket=BUCKET, Key="dst")
    same("and its bytes and metadata", (b"source", "text/x", {"a": "1"}),
         (got["Body"].read(), got["ContentType"], got["Metadata"]))
    s3.copy_object(Bucket=BUCKET, Key="dst", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
    same("or metadata of its own", {"b": "2"}, s3.head_object(Bucket=BUCKET, Key="dst")["Metadata"])
    refused("a copy onto itself that changes nothing", "InvalidRequest", s3.copy_object, CopySource=source, **source)
    s3.copy_object(CopySource=source, MetadataDirective="REPLACE", Metadata={"c": "3"}, **source)
    same("one that changes the metadata", b"source", body_of(Key="src ü"))
    refused("a copy on a condition", "PreconditionFailed", s3.copy_object, Bucket=BUCKET, Key="dst",
            CopySource=source, CopySourceIfMatch='"x"')
    refused("a copy of what is not there", "NoSuchKey", s3.copy_object, Bucket=BUCKET, Key="dst",
            CopySource={"Bucket": BUCKET, "Key": "nothing"})


def listings():
    keys = [f"list/{folder}/{n:02}" for folder in ("a", "b", "ü") for n in range(7)] + ["list/top <&>"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    keys.sort(key=str.encode)
    for name in ("list_objects", "list_objects_v2"):
        pages = list(s3.get_paginator(name).paginate(Bucket=BUCKET, Prefix="list/", PaginationConfig={"PageSize": 4}))
        same(f"{name} in pages of 4", keys, [o["Key"] for p in pages for o in p.get("Contents", [])])
        check("no page is longer", max(len(p.get("Contents", [])) for p in pages) == 4)
        pages = list(s3.get_paginator(name).paginate(Bucket=BUCKET, Prefix="list/", Delimiter="/",
                                                     PaginationConfig={"PageSize": 2}))
        same(f"{name} by folders", ["list/a/", "list/b/", "list/ü/"],
             [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])])
        same("and what lies beside them", ["list/top <&>"], [o["Key"] for p in pages for o in p.get("Contents", [])])
    page = s3.list_objects_v2(Bucket=BUCKET, Prefix="list/", StartAfter="list/b/05", MaxKeys=1)
    same("StartAfter", "list/b/06", page["Contents"][0]["Key"])
    same("sizes and counts", (1, 1, True), (page["Contents"][0]["Size"], page["KeyCount"], page["IsTruncated"]))
    refused("a token that is none", "InvalidArgument", s3.list_objects_v2, Bucket=BUCKET, ContinuationToken="?")


def multipart():
    name = {"Bucket": BUCKET, "Key": "multi"}
    upload = s3.create_multipart_upload(Metadata={"m": "1"}, **name)["UploadId"]
    one, two = os.urandom(PART), os.urandom(1000)
    etags = {n: s3.upload_part(UploadId=upload, PartNumber=n, Body=io.BytesIO(b), **name)["ETag"]
             for n, b in ((7, two), (2, one))}
    same("parts are listed", [2, 7], [p["PartNumber"] for p in s3.list_parts(UploadId=upload, **name)["Parts"]])
    check("uploads are listed",
          upload in [u["UploadId"] for u in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]])
    refused("before it is complete nothing is there", "NoSuchKey", s3.get_object, **name)
    parts = [{"PartNumber": n, "ETag": etags[n]} for n in (2, 7)]
    refused("parts out of order", "InvalidPartOrder", s3.complete_multipart_upload, UploadId=upload,
            MultipartUpload={"Parts": parts[::-1]}, **name)
    refused("a part that is not there", "InvalidPart", s3.complete_multipart_upload, UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 3, "ETag": etags[2]}]}, **name)
    done = s3.complete_multipart_upload(UploadId=upload, MultipartUpload={"Parts": parts}, **name)
    whole = hashlib.md5(hashlib.md5(one).digest() + hashlib.md5(two).digest()).hexdigest()
    same("the ETag is made of those of the parts", f'"{whole}-2"', done["ETag"])
    same("the bytes come back", one + two, body_of(Key="multi"))
    same("over the border of parts", (one + two)[PART - 3:PART + 3], body_of(Key="multi",
                                                                            Range=f"bytes={PART - 3}-{PART + 2}"))
    same("the metadata comes back", {"m": "1"}, s3.head_object(**name)["Metadata"])
    refused("it is complete only once", "NoSuchUpload", s3.complete_multipart_upload, UploadId=upload,
            MultipartUpload={"Parts": parts}, **name)

    upload = s3.create_multipart_upload(**name)["UploadId"]
    copied = s3.upload_part_copy(UploadId=upload, PartNumber=1, CopySource={"Bucket": BUCKET, "Key": "multi"},
                                 CopySourceRange=f"bytes=0-{PART - 1}", **name)["CopyPartResult"]["ETag"]
    s3.complete_multipart_upload(UploadId=upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": copied}]},
                                 **name)
    same("a part copied from an object", one, body_of(Key="multi"))

    upload = s3.create_multipart_upload(**name)["UploadId"]
    small = [{"PartNumber": n, "ETag": s3.upload_part(UploadId=upload, PartNumber=n, Body=b"x", **name)["ETag"]}
             for n in (1, 2)]
    refused("parts that are too small", "EntityTooSmall", s3.complete_multipart_upload, UploadId=upload,
            MultipartUpload={"Parts": small}, **name)
    s3.abort_multipart_upload(UploadId=upload, **name)
    refused("an aborted upload is gone", "NoSuchUpload", s3.list_parts, UploadId=upload, **name)

    big = os.urandom(20_000_000)
    s3.upload_fileobj(io.BytesIO(big), BUCKET, "big")
    back = io.BytesIO()
    s3.download_fileobj(BUCKET, "big", back)
    check("20 MB by the transfer manager", back.getvalue() == big)


def fetch(url, data=None, method="GET"):
    request = urllib.request.Request(url, data=data, method=method)
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def presigned():
    s3.put_object(Bucket=BUCKET, Key="signed ü", Body=b"signed")
    for version in ("s3", "s3v4"):
        signer = client(config={"signature_version": version})
        name = {"Bucket": BUCKET, "Key": "signed ü"}
        url = signer.generate_presigned_url("get_object", Params=name, ExpiresIn=60)
        same(f"{version}: a URL to get", (200, b"signed"), fetch(url))
        url = signer.generate_presigned_url("get_object", ExpiresIn=60,
                                            Params={"ResponseContentType": "image/png", **name})
        with urllib.request.urlopen(url) as response:
            same(f"{version}: with another type", "image/png", response.headers["Content-Type"])
        same(f"{version}: one that was changed", 403, fetch(url.replace("png", "gif"))[0])
        url = signer.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "by url"}, ExpiresIn=60)
        request = urllib.request.Request(url, data=b"via url", method="PUT", headers={"Content-Type": ""})
        with urllib.request.urlopen(request) as response:
            same(f"{version}: a URL to put", 200, response.status)
        same("what was put by it is there", b"via url", body_of(Key="by url"))
        url = signer.generate_presigned_url("get_object", Params=name, ExpiresIn=1)
        late = time.monotonic() + 30
        while fetch(url)[0] == 200 and time.monotonic() < late:
            time.sleep(0.1)
        status, text = fetch(url)
        check(f"{version}: one that has expired", status == 403 and b"expired" in text, status, text)


def refusals():
    refused("a wrong secret", "SignatureDoesNotMatch", client(aws_secret_access_key="wrong").list_buckets)
    refused("an unknown key", "InvalidAccessKeyId", client(aws_access_key_id="nobody").list_buckets)
    refused("a token that belongs to no key", "InvalidAccessKeyId", client(aws_session_token="x").list_buckets)
    refused("an ACL that would not hold", "AccessControlListNotSupported", s3.put_object, Bucket=BUCKET, Key="x",
            Body=b"", ACL="public-read")
    refused("what is not implemented says so", "NotImplemented", s3.put_bucket_versioning, Bucket=BUCKET,
            VersioningConfiguration={"Status": "Enabled"})


def deletions():
    keys = [o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            for o in p.get("Contents", [])]
    refused("a bucket that is not empty stays", "BucketNotEmpty", s3.delete_bucket, Bucket=BUCKET)
    s3.delete_object(Bucket=BUCKET, Key=keys[0])
    s3.delete_object(Bucket=BUCKET, Key=keys[0])
    ok("deleting what is gone is fine")
    gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": k} for k in keys]})
    same("many are deleted at once", sorted(keys), sorted(d["Key"] for d in gone["Deleted"]))
    same("nothing is left", 0, s3.list_objects_v2(Bucket=BUCKET)["KeyCount"])
    s3.delete_bucket(Bucket=BUCKET)
    refused("the bucket is gone", "404", s3.head_bucket, Bucket=BUCKET)


def clean_up():
    try:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for found in page.get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=found["Key"])
        s3.delete_bucket(Bucket=BUCKET)
    except botocore.exceptions.ClientError:
        pass


try:
    for part in (buckets, puts_and_gets, ranges_and_conditions, put_conditions, integrity, copies, listings, multipart, presigned,
                 refusals, deletions):
        part()
finally:
    clean_up()
