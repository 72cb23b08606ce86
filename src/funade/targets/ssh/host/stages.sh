# A stage: the making of a release directory, or the switch to it, with its hooks. It runs in a process of its own,
# the leader of a session, which needs nobody.

check_stage() { # the phase $1 and this fence are what is so now
  read_guard
  check_owner
  read_phase "$key"
  # Whoever goes on with an attempt need not know what it was begun for.
  [ "$digest" != - ] || digest=$seen_digest
  if [ "$phase" != "$1" ] || [ "$seen" != "$fence" ] || [ "$seen_digest" != "$digest" ] || [ "$fence" != "$highest" ]; then
    refuse "it may not go on: it is $phase here, and this environment has seen fence $highest"
  fi
}

begin_stage() { # from the phase $1 to the phase $2
  process $$ || fail "there is no /proc on this host"
  if [ "$session" != $$ ]; then
    fail "the host does not give each command a session of its own"
  fi
  check_stage "$1"
  exec 9>>"$guard/execution.lock"
  if ! take 9 2; then
    check_stage "$1"
    over busy "another execution runs in this environment"
  fi
  lock
  check_stage "$1"
  if [ "$1" = intended ] && [ "$late" != may ]; then
    # shellcheck disable=SC2086 # two words
    set -- "$1" "$2" $rest
    uptime=0
    first_line uptime /proc/uptime
    if [ "$3" != "$boot" ] || [ "${uptime%%.*}" -gt "$4" ]; then
      write_phase "$key" "sealed $fence $digest"
      refuse "its time to begin is over"
    fi
  fi
  process $$
  remove "$here/hook"
  keep_lightly "$here/process" "$boot $namespace $$ $birth $grace" || fail "\`$here\` cannot be written: is the disk full?"
  write_phase "$key" "$2 $fence $digest" || fail "\`$here\` cannot be written: is the disk full?"
  by=itself code=0 problem='' hook='' timer='' killer='' copier=''
  trap '' HUP PIPE INT
  trap 'stop cancel' TERM
  trap 'stop time_limit' ALRM
}

go_on() { # nobody is told any more; from here on everything goes to the log
  unlock
  printf '' >>"$here/output" || fail "\`$here\` cannot be written: is the disk full?"
  say began
  exec </dev/null >/dev/null 2>/dev/null
  exec 7>>"$here/output" >&7 2>&7
}

watch_over() { # what programs say goes through a filter to the log, and their time is limited; before the first one
  [ -z "$copier" ] || return 0
  remove "$here/pipe"
  mkfifo "$here/pipe" || return 1
  copy_output &
  copier=$!
  exec 7>"$here/pipe" >&7 2>&7
  alarm "$time_limit" ALRM $$
  timer=$alarm
}

copy_output() { # from the programs to the log, without secrets; a full disk does not stop them
  exec 7>&- 8>&- 9>&- 5<"$here/pipe"
  if [ -n "$masks" ]; then
    unbuffered=''
    ! sed -u p </dev/null >/dev/null 2>&1 || unbuffered=-u
    printf '%s\n' "$masks" | LC_ALL=C sed $unbuffered -f /dev/fd/3 3<&0 0<&5 >>"$here/output"
  else
    cat <&5 >>"$here/output"
  fi || cat <&5 >/dev/null
}

alarm() { # sends the signal $2 to $3 in $1 seconds, unless it is ended before
  (
    exec 7>&- 8>&- 9>&- </dev/null >/dev/null 2>&1
    trap 'kill "$sleeper"; exit' TERM
    sleep "$1" &
    sleeper=$!
    wait "$sleeper"
    kill -s "$2" -- "$3"
  ) &
  alarm=$!
}

stop() { # asks what runs to end, and makes it after the grace
  interrupted=yes
  [ "$by" = itself ] || return 0
  by=$1
  [ -z "$hook" ] || end_hook
}

end_hook() {
  kill -s TERM -- "-$hook" 2>/dev/null || kill -s TERM "$hook" 2>/dev/null
  alarm "$grace" KILL "-$hook"
  killer=$alarm
}

# In the hook's own process, before it becomes the program: it is known before it can do anything.
FUNADE_become='
FUNADE_file=$1
shift
IFS= read -r FUNADE_stat <"/proc/$$/stat"
FUNADE_birth=$(set -f; set -- ${FUNADE_stat##*) }; shift 19; echo "$1")
printf "%s\n" "$$ $FUNADE_birth" >"$FUNADE_file.new"
mv -f "$FUNADE_file.new" "$FUNADE_file"
command -v -- "$1" >/dev/null 2>&1 || { : >"$FUNADE_file.missing"; exit 127; }
exec "$@"
'

become_hook() { # NAME VALUE …, an empty one, program and arguments; whoever configures may use any NAME
  exec 3>&- 7>&- 8>&- 9>&-
  trap - HUP PIPE INT TERM ALRM
  cd "$base/releases/$release" || exit 126
  FUNADE_setsid=$(command -v setsid) FUNADE_file=$here/hook
  while [ -n "$1" ]; do
    export "$1=$2"
    shift 2
  done
  shift
  exec "$FUNADE_setsid" /bin/sh -c "$FUNADE_become" funade-hook "$FUNADE_file" "$@"
}

run_hook() { # to its end; sets `code`
  become_hook "$@" </dev/null &
  hook=$!
  [ "$by" = itself ] || end_hook
  while :; do
    interrupted=''
    wait "$hook"
    code=$?
    [ -n "$interrupted" ] && kill -0 "$hook" 2>/dev/null || break
  done
  if [ "$by" != itself ]; then
    tries=$((grace * 10))
    members "$hook" count
    while [ "$count" -gt 0 ] && [ "$tries" -gt 0 ]; do
      sleep 0.1 2>/dev/null || sleep 1
      tries=$((tries - 1))
      members "$hook" count
    done
    members "$hook" kill
  fi
  [ -z "$killer" ] || kill "$killer" 2>/dev/null
  hook=''
}

run_hooks() { # all that the request still holds; false when one failed or all was stopped
  begun=''
  remove "$here/hook.missing"
  field hooks
  [ "$hooks" = 0 ] || watch_over || {
    give_up "\`$here\` cannot be written: is the disk full?"
    return 1
  }
  while [ "$hooks" -gt 0 ] && goes_well; do
    hooks=$((hooks - 1))
    field title
    field length
    set --
    while [ "$length" -gt 0 ]; do
      length=$((length - 1))
      field argument
      set -- "$@" "$argument"
    done
    say "[funade] $title"
    run_hook "$@"
    if [ "$code" != 0 ] && [ "$by" = itself ]; then
      problem="\`$title\` ended with $code"
      if [ -e "$here/hook.missing" ]; then
        problem="\`$title\` cannot be executed: it is neither in the release nor in PATH ($PATH), or not executable"
        [ -n "$begun" ] || [ "$stage" != prepare ] || by=never_started
      fi
      say "[funade] $problem"
    fi
    begun=yes
  done
  goes_well
}

goes_well() {
  [ "$by" = itself ] && [ "$code" = 0 ]
}

give_up() { # something of ours did not work
  goes_well || return 0
  code=1 problem=$*
  say "[funade] $problem"
}

end_stage() { # writes down the phase $1, or how it ended; a full disk is waited for
  trap '' TERM ALRM
  [ -z "$timer" ] || kill "$timer" 2>/dev/null
  word=ended shown=-
  ! goes_well || word=$1
  [ "$by" != itself ] || shown=$code
  # The log is whole before the end is told; a daemon that keeps the pipe open is not waited for.
  exec >/dev/null 2>&1 7>&-
  if [ -n "$copier" ]; then
    tries=100
    while kill -0 "$copier" 2>/dev/null && [ "$tries" -gt 0 ]; do
      tries=$((tries - 1))
      # A moment is enough where nothing keeps the pipe open; BusyBox may know whole seconds only.
      sleep 0.01 2>/dev/null || { sleep 1 && tries=0; }
    done
    members $$ kill
    rm -f "$here/pipe"
  fi
  exec 8>>"$guard/change.lock"
  flock 8
  until
    case $word in
    ended) write_phase "$key" "ended $fence $digest $by $shown $(date +%s) $problem" ;;
    # Forgotten by a power loss, it counts as killed by it.
    *) write_phase_lightly "$key" "$word $fence $digest" ;;
    esac
  do
    sleep 1
  done
  exec 8>&- 9>&-
  empty_trash
  exit 0
}
