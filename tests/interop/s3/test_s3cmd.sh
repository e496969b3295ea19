#!/usr/bin/env bash
# s3cmd against the S3 door.
source "$(dirname "$0")/common.sh"

host=${EBB_S3_ENDPOINT#*://}
cat > s3cfg <<CONFIG
[default]
access_key = $EBB_ACCESS_KEY_ID
secret_key = $EBB_ACCESS_KEY_SECRET
host_base = $host
host_bucket = $host
use_https = False
multipart_chunk_size_mb = 5
CONFIG
s3() { /usr/bin/s3cmd --config="$work/s3cfg" --no-progress "$@"; }

clean_up() {
  s3 rb --force --recursive "s3://$bucket" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

s3 mb "s3://$bucket" >/dev/null
contains "a bucket is made and listed" "s3://$bucket" "$(s3 ls)"
refused "the same bucket again is refused" BucketAlreadyOwnedByYou s3 mb "s3://$bucket"
contains "the bucket's settings can be asked for" Location "$(s3 info "s3://$bucket")"

echo "hello, world" > hello.txt
s3 put --quiet --add-header=x-amz-meta-mood:good hello.txt "s3://$bucket/dir/hello.txt"
s3 get --quiet "s3://$bucket/dir/hello.txt" back.txt
same_file "a small file comes back as it went" hello.txt back.txt
contains "user metadata is kept" "x-amz-meta-mood: good" "$(s3 info "s3://$bucket/dir/hello.txt")"

head -c 20000000 /dev/urandom > big
s3 put --quiet big "s3://$bucket/big"
s3 get --quiet "s3://$bucket/big" big.back
same_file "20 MB in parts come back as they went" big big.back
head -c 7000000 big > partial
s3 get --quiet --continue "s3://$bucket/big" partial
same_file "an interrupted download goes on where it stopped" big partial

s3 cp --quiet "s3://$bucket/dir/hello.txt" "s3://$bucket/copy of hello+ü.txt"
s3 get --quiet --force "s3://$bucket/copy of hello+ü.txt" back.txt
same_file "a copy has the bytes of its source" hello.txt back.txt
s3 cp --quiet "s3://$bucket/big" "s3://$bucket/big2"
s3 get --quiet --force "s3://$bucket/big2" big.back
same_file "a copy of 20 MB" big big.back
s3 mv --quiet "s3://$bucket/big2" "s3://$bucket/big3"
refused "what was moved is gone" 404 s3 info "s3://$bucket/big2"
s3 modify --quiet --add-header=Cache-Control:max-age=60 "s3://$bucket/dir/hello.txt"
contains "a header is added to an object that is there" "max-age=60" \
  "$(curl -sI "$(s3 signurl "s3://$bucket/dir/hello.txt" +60)" -X GET | tr -d '\r')"

mkdir -p tree/a/b
for n in $(seq 12); do echo "$n" > "tree/a/file $n+ü.txt"; done
echo deep > tree/a/b/deep
s3 sync --quiet tree/ "s3://$bucket/tree/"
mkdir tree.back
s3 sync --quiet "s3://$bucket/tree/" tree.back/
diff -r tree tree.back || fail "a tree with odd names is synchronised there and back"
ok "a tree with odd names is synchronised there and back"
contains "a delimiter makes folders" "DIR  s3://$bucket/tree/" "$(s3 ls "s3://$bucket/")"
same "everything below a prefix is listed" 13 "$(s3 ls --recursive "s3://$bucket/tree/" | wc -l)"

url=$(s3 signurl "s3://$bucket/dir/hello.txt" +60)
curl -sf -o back.txt "$url" || fail "a presigned URL works without keys"
same_file "a presigned URL works without keys" hello.txt back.txt
url=$(s3 signurl "s3://$bucket/dir/hello.txt" "$(($(date +%s) - 60))")
same "one that has expired does not" 403 "$(curl -s -o /dev/null -w '%{http_code}' "$url")"

refused "a wrong secret is refused" SignatureDoesNotMatch s3 --secret_key=wrong ls
refused "a bucket that is not empty stays" BucketNotEmpty s3 rb "s3://$bucket"
s3 del --quiet --recursive --force "s3://$bucket"
s3 rb "s3://$bucket" >/dev/null
refused "a bucket that is gone is gone" NoSuchBucket s3 ls "s3://$bucket"
