# What commands of scenarios may call beside `ebb`.

# s3 METHOD /bucket/key [curl option ...]: one signed S3 request; prints the body and the status.
s3() {
  local method=$1 path=$2
  shift 2
  curl -sS --path-as-is -X "$method" -w '\nstatus %{http_code}\n' \
    -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --aws-sigv4 "aws:amz:us-east-1:s3" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    "$@" "$EBB_S3_ENDPOINT$path"
}

# deploy_python NAME [key: value ...]: deploys ./NAME/ (its index.py) with these further properties.
deploy_python() {
  local name=$1
  shift
  {
    printf 'edition: 3.0.0\nname: test\nresources:\n  %s:\n    component: fc3\n    props:\n' "$name"
    printf '      region: local\n      functionName: %s\n      runtime: python3.10\n' "$name"
    printf '      handler: index.handler\n      code: ./%s\n' "$name"
    for property in "$@"; do printf '      %s\n' "$property"; done
  } > "s-$name.yaml"
  ebb deploy -f "s-$name.yaml"
}

# copy_example NAME FILE: copies the example ./NAME with FILE, which the build made, as its code.
copy_example() {
  local build
  build=$(dirname "$(readlink -f "$(command -v ebb)")")
  cp -r "$ROOT/examples/$1" "$1"
  mkdir -p "$1/code"
  cp "$build/examples/$1/$2" "$1/code/"
}
