#!/usr/bin/env bash
# rclone against the S3 door.
source "$(dirname "$0")/common.sh"

export RCLONE_CONFIG=$work/rclone.conf
cat > "$RCLONE_CONFIG" <<CONFIG
[ebb]
type = s3
provider = Other
access_key_id = $EBB_ACCESS_KEY_ID
secret_access_key = $EBB_ACCESS_KEY_SECRET
endpoint = $EBB_S3_ENDPOINT
region = local
force_path_style = true
chunk_size = 5Mi
upload_cutoff = 6Mi
CONFIG
rc() { /usr/bin/rclone --retries 1 --low-level-retries 2 "$@"; }

clean_up() {
  rc purge "ebb:$bucket" >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap clean_up EXIT

rc mkdir "ebb:$bucket"
contains "a bucket is made and listed" "$bucket" "$(rc lsd ebb:)"

mkdir -p tree/a/b
for n in $(seq 12); do echo "$n" > "tree/a/file $n+ü.txt"; done
echo deep > tree/a/b/deep
: > tree/empty
head -c 20000000 /dev/urandom > tree/big
rc copy tree "ebb:$bucket/tree"
rc copy "ebb:$bucket/tree" tree.back
diff -r tree tree.back || fail "a tree with odd names and 20 MB in parts goes there and back"
ok "a tree with odd names and 20 MB in parts goes there and back"
rc check --download tree "ebb:$bucket/tree" 2>/dev/null || fail "every file is found to be the same"
ok "every file is found to be the same"
contains "synchronising again sends nothing" "There was nothing to transfer" \
  "$(rc sync -v tree "ebb:$bucket/tree" 2>&1)"

same "the hash is that of the bytes" "$(md5sum < tree/a/b/deep | cut -d' ' -f1)" \
  "$(rc md5sum "ebb:$bucket/tree/a/b/deep" | cut -d' ' -f1)"
same "everything below a prefix is listed" 15 "$(rc lsf -R --files-only "ebb:$bucket/tree" | wc -l)"
same "listed in pages of two it is the same" 15 \
  "$(rc lsf -R --files-only --s3-list-chunk 2 "ebb:$bucket/tree" | wc -l)"
same "the same by the other listing" 15 \
  "$(rc lsf -R --files-only --s3-list-chunk 2 --s3-list-version 1 "ebb:$bucket/tree" | wc -l)"
same "a folder is what a delimiter makes" "b/" "$(rc lsf --dirs-only "ebb:$bucket/tree/a")"
same "a range" "$(tail -c +8388601 tree/big | head -c 1000 | sha256sum)" \
  "$(rc cat --offset 8388600 --count 1000 "ebb:$bucket/tree/big" | sha256sum)"

rc copyto "ebb:$bucket/tree/big" "ebb:$bucket/copy"
same "a copy inside the store has the bytes of its source" "$(sha256sum < tree/big)" \
  "$(rc cat "ebb:$bucket/copy" | sha256sum)"
rc moveto "ebb:$bucket/copy" "ebb:$bucket/moved"
same "what was moved is gone" "" "$(rc lsf --files-only --include copy "ebb:$bucket")"
head -c 9000000 tree/big | rc rcat "ebb:$bucket/streamed"
same "a stream of unknown length" "$(head -c 9000000 tree/big | sha256sum)" \
  "$(rc cat "ebb:$bucket/streamed" | sha256sum)"
rc touch -t 2020-01-02T03:04:05 "ebb:$bucket/streamed"
contains "the time of a file is kept" "2020-01-02 03:04:05" \
  "$(rc lsl --use-server-modtime=false "ebb:$bucket/streamed")"

curl -sf -o back "$(rc link --expire 1m "ebb:$bucket/tree/a/b/deep")" || fail "a link works without keys"
same_file "a link works without keys" tree/a/b/deep back
rc cleanup "ebb:$bucket"
rc delete "ebb:$bucket/tree" --include 'file*'
same "many are deleted at once" 3 "$(rc lsf -R --files-only "ebb:$bucket/tree" | wc -l)"
refused "a wrong secret is refused" SignatureDoesNotMatch \
  rc --s3-secret-access-key wrong lsd ":s3,provider=Other,access_key_id=$EBB_ACCESS_KEY_ID,endpoint='$EBB_S3_ENDPOINT':"
rc purge "ebb:$bucket"
same "a bucket that is purged is gone" "" "$(rc lsf --dirs-only --include "$bucket/" ebb:)"
