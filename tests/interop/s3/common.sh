# Sourced by the tests of command line clients: a work folder that goes away, and ways to say what is
# expected.  Needs EBB_S3_ENDPOINT, EBB_ACCESS_KEY_ID and EBB_ACCESS_KEY_SECRET.
set -euo pipefail
: "${EBB_S3_ENDPOINT:?}" "${EBB_ACCESS_KEY_ID:?}" "${EBB_ACCESS_KEY_SECRET:?}"

# What is meant for the machine's own use of these clients must not reach the tests.
unset ${!AWS_@} ${!RCLONE_@} ${!S3CMD_@} http_proxy https_proxy all_proxy

work=$(mktemp -d "${TMPDIR:-/tmp}/ebb-interop-s3-XXXXXX")
bucket=ebb-test-$(head -c 6 /dev/urandom | od -An -tx1 | tr -d ' \n')
cd "$work"

ok() { echo "ok $1"; }

fail() {
  echo "not ok $1"
  [ $# -lt 2 ] || echo "  $2"
  exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
  [ "$2" = "$3" ] || fail "$1" "expected '$2', got '$3'"
  ok "$1"
}

# same_file WHAT FILE FILE
same_file() {
  cmp -s "$2" "$3" || fail "$1" "$2 and $3 differ"
  ok "$1"
}

# contains WHAT PATTERN TEXT
contains() {
  [[ $3 == *$2* ]] || fail "$1" "expected '$2' in '$3'"
  ok "$1"
}

# refused WHAT PATTERN COMMAND…: the command must fail and say PATTERN.
refused() {
  local what=$1 pattern=$2 output
  shift 2
  if output=$("$@" 2>&1); then fail "$what" "it was accepted: $output"; fi
  contains "$what" "$pattern" "$output"
}
