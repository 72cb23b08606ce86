# Takes the revision's tree, the rest of what comes, into a folder of its own; whether it may count is asked later.

IFS= read -r request || exit
read_request
coming=$guard/incoming/$key.$$
[ ! -e "$coming" ] && [ ! -e "$coming.broken" ] || rm -rf "$coming" "$coming.broken"
mkdir -p "$coming" || fail "\`$coming\` cannot be made: is the disk full?"
{ gzip -dc || : >"$coming.broken"; } | tar -xf - -C "$coming" || : >"$coming.broken"
if [ -e "$coming.broken" ]; then
  rm -rf "$coming" "$coming.broken"
  fail "the files came incomplete, or cannot be written: is the disk full?"
fi
say coming "$coming"
over ok
