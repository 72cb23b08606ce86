# Gives the output of an attempt from one byte on, and goes on as it comes until no stage runs any more.

IFS= read -r request || exit
read_request
field from
field until
say ok
if [ "$until" = over ] && exec 9>>"$guard/execution.lock"; then
  [ -e "$here/output" ] || : >>"$here/output"
  tail -c "+$((from + 1))" -f "$here/output" 9>&- &
  follower=$!
  flock -s 9
  exec 9>&-
  kill "$follower"
elif [ -e "$here/output" ]; then
  tail -c "+$((from + 1))" "$here/output"
fi
exit 0
