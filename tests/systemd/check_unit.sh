#!/bin/sh
# check_unit.sh UNIT: systemd understands every line, and leaves little open (exposure at most 1.5 of 10).
# Works on a copy whose program is /bin/true, since the real one need not be installed.
set -eu

unit=$1
name=$(basename "$unit")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

grep -q '^Type=notify$' "$unit"
# However often a start fails, it is tried again: a limit would leave the service down for good.
awk '/^\[/ { section = $0 } /^StartLimitIntervalSec=0$/ && section == "[Unit]" { found = 1 } END { exit !found }' "$unit" || {
  echo "$name: [Unit] lacks StartLimitIntervalSec=0" >&2
  exit 1
}
grep -Eq '^Restart=(always|on-failure)$' "$unit"
grep -Eq "^ExecStart=/usr/bin/${name%.service} run --config /etc/crmpulse/[a-z]+\.yaml$" "$unit"
# A reload is refused where the configuration is: by `check`, behind the signal, so that the status tells it too.
reload=$(sed -n 's/^ExecReload=//p' "$unit")
[ "$reload" = "/bin/kill -HUP \$MAINPID
$(sed -n 's/^ExecStart=\(.*\) run \(.*\)/\1 check --quiet \2/p' "$unit")" ] || {
  echo "$name: a reload does not check what the start runs" >&2
  exit 1
}
# The folder of secrets is there before they are read from it: a folder that is missing keeps a unit from starting.
grep -q '^ConfigurationDirectory=crmpulse/credentials$' "$unit"
grep -q '^LoadCredential=crmpulse:/etc/crmpulse/credentials$' "$unit"
sed -e 's|^ExecStart=.*|ExecStart=/bin/true|' -e 's|^ExecReload=/usr/bin/.*|ExecReload=/bin/true|' "$unit" > "$scratch/$name"

# A misspelt key is only a line on standard error; the exit code stays 0. Other units of the machine are not ours.
if ! systemd-analyze verify --man=no "$scratch/$name" > "$scratch/out" 2>&1 || grep -q "$name" "$scratch/out"; then
  echo "$name: systemd-analyze verify says:" >&2
  cat "$scratch/out" >&2
  exit 1
fi

if ! systemd-analyze security --offline=true --threshold=15 --no-pager "$scratch/$name" > "$scratch/out" 2>&1; then
  echo "$name: exposure above 1.5:" >&2
  cat "$scratch/out" >&2
  exit 1
fi
tail -1 "$scratch/out"
