#!/usr/bin/env bash
# Deploys what ./run built and asks it.  Prints a line a test, as tools/run-tests reads them.
set -u
PATH="$(dirname "$EBB"):$PATH"

check() {  # check WHAT WANTED COMMAND...
  local what=$1 wanted=$2 got
  shift 2
  got=$("$@" 2>&1)
  if [[ $got == $wanted ]]; then echo "ok $what"; else echo "not ok $what"; echo "got: $got"; fi
}

deploy() {  # deploy NAME PROGRAM: as a go1 function
  mkdir -p "$WORK/$1/code"
  cp "$2" "$WORK/$1/code/main"
  cat > "$WORK/$1/s.yaml" <<END
edition: 3.0.0
name: go
resources:
  f:
    component: fc3
    props: {region: local, functionName: $1, runtime: go1, handler: main, timeout: 7, code: ./code}
END
  (cd "$WORK/$1" && ebb deploy)
}

for name in client sdk; do
  [ -x "$WORK/$name.bin" ] || continue
  check "$name: deploys as go1" '*' deploy "$name" "$WORK/$name.bin"
  check "$name: is asked" "\"hello Ada, from $name, for 7 s\"" "$EBB" invoke "$name" '{"name":"Ada"}'
  check "$name: is asked again, frozen in between" "\"hello Bob, from $name, for 7 s\"" "$EBB" invoke "$name" '{"name":"Bob"}'
  check "$name: its error is told" '*errorMessage*errorType*' "$EBB" invoke "$name" '{"name":3}'
  check "$name: goes on after an error" "\"hello Cy, from $name, for 7 s\"" "$EBB" invoke "$name" '{"name":"Cy"}'
done
