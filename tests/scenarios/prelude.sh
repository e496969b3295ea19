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

# The next three only on a `machine` of the scenario's own.

# later_python FILE: a copy of the machine's python3 that says that it was built on the first of January 2031.
later_python() {
  /usr/bin/python3 - "$1" << 'END'
import os, platform, sys
built = platform.python_build()[1][:11].encode()
old = open(os.path.realpath("/usr/bin/python3"), "rb").read()
assert old.count(built) == 1, "where python3 keeps the day of its build is not known"
open(sys.argv[1], "wb").write(old.replace(built, b"Jan  1 2031"))
os.chmod(sys.argv[1], 0o755)
END
}

# put_in_place FILE PROGRAM: as an upgrade does it, under another name and then over what there is.
put_in_place() {
  local real
  real=$(readlink -f "$2")
  cp "$1" "$real.new" && mv "$real.new" "$real"
}

# make_package FILE PROGRAM: new.deb, the next version of the package that PROGRAM is of, with FILE in its place.
make_package() {
  local real package
  real=$(readlink -f "$2")
  package=$(dpkg -S "$real" | cut -d: -f1)
  mkdir -p new/DEBIAN
  dpkg -s "$package" | sed -n -e '/^Status:/d' -e 's/^Version: .*/&+new1/' -e p > new/DEBIAN/control
  dpkg -L "$package" | while read -r path; do
    if [ -f "$path" ]; then (cd / && cp -a --parents "${path#/}" "$OLDPWD/new"); fi
  done
  install -m 755 "$1" "new$real"
  dpkg-deb -Znone -b new new.deb
}
