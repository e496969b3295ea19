#!/usr/bin/env bash
# aws-cli against the S3 door.
source "$(dirname "$0")/common.sh"

export AWS_ACCESS_KEY_ID=$EBB_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY=$EBB_ACCESS_KEY_SECRET
export AWS_DEFAULT_REGION=local AWS_CONFIG_FILE=$work/config AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER="" AWS_MAX_ATTEMPTS=2
aws=(/usr/bin/aws --endpoint-url "$EBB_S3_ENDPOINT" --output text)
s3() { "${aws[@]}" s3 "$@"; }
api() { "${aws[@]}" s3api "$@"; }

clean_up() {
  s3 rb --force "s3://$bucket" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

s3 mb "s3://$bucket" >/dev/null
contains "a bucket is made and listed" "$bucket" "$(s3 ls)"
refused "the same bucket again is refused" BucketAlreadyOwnedByYou s3 mb "s3://$bucket"
refused "a bad bucket name is refused" InvalidBucketName api create-bucket --bucket "Bad..Name_"
same "the bucket says its region" local "$(api get-bucket-location --bucket "$bucket")"
api get-bucket-versioning --bucket "$bucket" >/dev/null
contains "the bucket belongs to its account alone" FULL_CONTROL "$(api get-bucket-acl --bucket "$bucket")"
refused "a policy that is not there is said so" NoSuchBucketPolicy api get-bucket-policy --bucket "$bucket"

echo "hello, world" > hello.txt
s3 cp --quiet hello.txt "s3://$bucket/dir/hello.txt" --metadata mood=good --cache-control max-age=60
s3 cp --quiet "s3://$bucket/dir/hello.txt" back.txt
same_file "a small file comes back as it went" hello.txt back.txt
head=$(api head-object --bucket "$bucket" --key dir/hello.txt --output json)
contains "user metadata is kept" '"mood": "good"' "$head"
contains "Cache-Control is kept" '"CacheControl": "max-age=60"' "$head"
contains "the type that the client guessed is kept" '"ContentType": "text/plain"' "$head"
contains "the ETag is the MD5" "$(md5sum < hello.txt | cut -d' ' -f1)" "$head"

for range in bytes=0-4 bytes=7- bytes=-6; do
  api get-object --bucket "$bucket" --key dir/hello.txt --range $range part >/dev/null
  case $range in
    bytes=0-4) want=hello ;;
    bytes=7-) want=world ;;
    *) want=world ;;
  esac
  same "range $range" "$want" "$(tr -d '\n' < part)"
done
refused "a range outside of the object is refused" InvalidRange \
  api get-object --bucket "$bucket" --key dir/hello.txt --range bytes=100- part

head -c 20000000 /dev/urandom > big
s3 cp --quiet big "s3://$bucket/big"
s3 cp --quiet "s3://$bucket/big" big.back
same_file "20 MB in parts come back as they went" big big.back
contains "it was uploaded in parts" '-3"' "$(api head-object --bucket "$bucket" --key big --query ETag)"
api get-object --bucket "$bucket" --key big --range bytes=8388600-8388620 part >/dev/null
same "a range over the border of two parts" \
  "$(tail -c +8388601 big | head -c 21 | sha256sum)" "$(sha256sum < part)"

for algorithm in CRC32C SHA256; do  # The others: test_boto3.py.
  api put-object --bucket "$bucket" --key sums/$algorithm --body hello.txt --checksum-algorithm $algorithm >/dev/null
  sum=$(api head-object --bucket "$bucket" --key sums/$algorithm --checksum-mode ENABLED \
    --query Checksum$algorithm)
  [ "$sum" != None ] || fail "the $algorithm checksum is kept and said"
  ok "the $algorithm checksum is kept and said"
  api get-object --bucket "$bucket" --key sums/$algorithm --checksum-mode ENABLED back.txt >/dev/null
  same_file "and found right by the client" hello.txt back.txt
done

# The same as above, part by part, with checksums.
head -c 5242880 big > part.1
tail -c +5242881 big > part.2
upload=$(api create-multipart-upload --bucket "$bucket" --key sums/big --checksum-algorithm SHA256 --query UploadId)
parts=
for n in 1 2; do
  set -- $(api upload-part --bucket "$bucket" --key sums/big --upload-id "$upload" --part-number $n --body part.$n \
    --checksum-algorithm SHA256 --query '[ETag,ChecksumSHA256]')
  parts+="${parts:+,}{\"PartNumber\":$n,\"ETag\":$(printf %s "$1" | sed 's/"/\\"/g; s/.*/"&"/'),\"ChecksumSHA256\":\"$2\"}"
done
contains "the checksum of an upload is that of its parts'" "=-2" \
  "$(api complete-multipart-upload --bucket "$bucket" --key sums/big --upload-id "$upload" \
    --multipart-upload "{\"Parts\":[$parts]}" --query ChecksumSHA256)"
s3 cp --quiet "s3://$bucket/sums/big" big.back
same_file "an upload with checksums" big big.back

refused "a wrong checksum is refused" BadDigest \
  api put-object --bucket "$bucket" --key wrong --body hello.txt --checksum-sha256 "$(head -c 32 /dev/zero | base64)"
refused "a wrong Content-MD5 is refused" BadDigest \
  api put-object --bucket "$bucket" --key wrong --body hello.txt --content-md5 "$(head -c 16 /dev/zero | base64)"
refused "what was refused is not there" 404 api head-object --bucket "$bucket" --key wrong

s3 cp --quiet "s3://$bucket/dir/hello.txt" "s3://$bucket/copies/hello.txt"
s3 cp --quiet "s3://$bucket/copies/hello.txt" back.txt
same_file "a copy has the bytes of its source" hello.txt back.txt
contains "a copy has the metadata of its source" '"mood": "good"' \
  "$(api head-object --bucket "$bucket" --key copies/hello.txt --output json)"
s3 cp --quiet "s3://$bucket/big" "s3://$bucket/copies/big"
s3 cp --quiet "s3://$bucket/copies/big" big.back
same_file "a copy of 20 MB in parts" big big.back
s3 mv --quiet "s3://$bucket/copies/hello.txt" "s3://$bucket/moved.txt"
refused "what was moved is gone" 404 api head-object --bucket "$bucket" --key copies/hello.txt

mkdir -p tree/a/b
for n in $(seq 12); do echo "$n" > "tree/a/file $n+ü.txt"; done
echo deep > tree/a/b/deep
s3 sync --quiet tree "s3://$bucket/tree"
s3 sync --quiet "s3://$bucket/tree" tree.back
diff -r tree tree.back || fail "a tree with odd names is synchronised there and back"
ok "a tree with odd names is synchronised there and back"
same "synchronising again sends nothing" "" "$(s3 sync tree "s3://$bucket/tree")"
contains "a delimiter makes folders" "PRE b/" "$(s3 ls "s3://$bucket/tree/a/")"
same "all pages of two are the whole" 13 \
  "$(api list-objects-v2 --bucket "$bucket" --prefix tree/ --page-size 2 --query 'Contents[].Key' --output json | grep -c tree/)"
same "the same by the older listing" 13 \
  "$(api list-objects --bucket "$bucket" --prefix tree/ --page-size 2 --query 'Contents[].Key' --output json | grep -c tree/)"

url=$(s3 presign "s3://$bucket/dir/hello.txt" --expires-in 60)
curl -sf -o back.txt "$url" || fail "a presigned URL works without keys"
same_file "a presigned URL works without keys" hello.txt back.txt
same "a presigned URL that was changed does not" 403 \
  "$(curl -s -o refusal -w '%{http_code}' "${url/hello/hallo}")"
contains "it says why" SignatureDoesNotMatch "$(cat refusal)"
same "a request without a signature is refused" 403 \
  "$(curl -s -o /dev/null -w '%{http_code}' "$EBB_S3_ENDPOINT/$bucket/dir/hello.txt")"

AWS_SECRET_ACCESS_KEY=wrong refused "a wrong secret is refused" SignatureDoesNotMatch api list-buckets
AWS_ACCESS_KEY_ID=nobody refused "an unknown key is refused" InvalidAccessKeyId api list-buckets
refused "encryption that would not happen is refused" NotImplemented \
  api put-object --bucket "$bucket" --key secret --body hello.txt --server-side-encryption AES256
refused "a bucket that is not empty stays" BucketNotEmpty s3 rb "s3://$bucket"
s3 rm --quiet --recursive "s3://$bucket"
s3 rb "s3://$bucket" >/dev/null
refused "a bucket that is gone is gone" 404 api head-bucket --bucket "$bucket"
