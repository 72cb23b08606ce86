# What a host does for Funade: keeps the guard of one application and environment, makes release directories,
# switches `current`. POSIX sh on Linux, with tar, gzip, flock and setsid. It is sent anew with every request, as
# is the request itself, by standard input; `request.py` is the other side. Each request is answered with lines,
# the last of which is `ok`, `began`, `refused WHY` or `failed WHY`; without such a line nobody knows.
#
# $guard/guard                 version, store, application/environment, highest fence, whose fence that is
# $guard/attempts/KEY/phase    PHASE FENCE DIGEST, and what belongs to the phase
# $guard/attempts/KEY/process  who runs it: boot, PID namespace, number, start time, grace
# $guard/ready/NAME            which release directory is whole, and of what it was made
# $guard/change.lock           held for moments, by whoever changes any of these or switches
# $guard/execution.lock        held by whoever runs a stage, for the whole of its life

set -f
umask 022

say() {
  printf '%s\n' "$*"
}

over() { # the last word
  say "$@"
  exit 0
}

refuse() {
  over refused "$@"
}

fail() {
  over failed "$@"
}

unreadable() {
  refuse "the guard \`$guard\` cannot be read ($1), so nothing may begin: make sure that no program of this" \
    "environment runs there, then put it back from a backup or remove that folder"
}

# --- the request: one line a field; a backslash begins what a line could not hold

newline='
'

field() {
  case $request in *"$newline"*) ;; *) fail "the request was cut short" ;; esac
  field=${request%%"$newline"*}
  request=${request#*"$newline"}
  case $field in *\\*)
    field=$(printf '%b.' "$field")
    field=${field%.}
    ;;
  esac
  eval "$1=\$field"
}

# --- files and locks

keep() { # replaces the file $1 by the line $2, whole or not at all, and for good
  printf '%s\n' "$2" >"$1.new" && { sync "$1.new" 2>/dev/null || sync; } &&
    mv -f "$1.new" "$1" && { sync "${1%/*}" 2>/dev/null || sync; }
}

must_keep() {
  keep "$@" || fail "\`$1\` cannot be written: is the disk full, or may the user not write there?"
}

first_line() { # of the file $2 into the variable $1
  { IFS= read -r "$1" <"$2"; } 2>/dev/null
}

take() { # the lock of descriptor $1, within $2 seconds
  tries=$(($2 * 10))
  until flock -n "$1"; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1 2>/dev/null || sleep 1
  done
}

lock() {
  exec 8>>"$guard/change.lock"
  take 8 10 || fail "another process keeps the guard \`$guard\` locked: if it is frozen, let it go on or kill it"
}

unlock() {
  exec 8>&-
}

# --- processes, known by boot, PID namespace and start time

boot_id() {
  boot=unknown namespace=unknown
  first_line boot /proc/sys/kernel/random/boot_id
  namespace=$(readlink /proc/self/ns/pid 2>/dev/null) || namespace=unknown
}

process() { # what the kernel says of the process $1: state, session, birth
  state='' session='' birth='' stat=''
  first_line stat "/proc/$1/stat" || return 1
  # A program may have any name, with parentheses and newlines in it.
  case $stat in *') '*) ;; *) stat=$(tr '\n' ' ' <"/proc/$1/stat" 2>/dev/null) ;; esac
  # shellcheck disable=SC2086 # numbers
  set -- ${stat##*) }
  [ $# -ge 20 ] || return 1
  state=$1 session=$4
  shift 19
  birth=$1
}

lives() { # tells whether exactly the process $1, born at $2, is there
  process "$1" && [ "$birth" = "$2" ] && [ "$state" != Z ] && [ "$state" != X ]
}

members() { # counts the living of the session $1; kills them where $2 is `kill`
  count=0
  for one in $(ls /proc); do
    case $one in *[!0-9]*) continue ;; esac
    process "$one" || continue
    if [ "$session" = "$1" ] && [ "$one" != $$ ] && [ "$state" != Z ] && [ "$state" != X ]; then
      count=$((count + 1))
      [ "$2" != kill ] || kill -KILL "$one" 2>/dev/null
    fi
  done
}

end_session() { # makes sure that nothing is left of the session $1, whose leader was born at $2
  tries=50
  while :; do
    # While anybody is left in it, its number is given to no stranger; without any, a leader of that number is one.
    ! process "$1" || [ "$birth" = "$2" ] || return 0
    members "$1" kill
    [ "$count" -gt 0 ] || return 0
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || return 1
    sleep 0.1 2>/dev/null || sleep 1
  done
}

read_process() { # of the attempt $1
  p_boot='' p_namespace='' p_pid=0 p_birth='' p_grace=10 line=''
  first_line line "$guard/attempts/$1/process" || return 1
  # shellcheck disable=SC2086 # five words
  set -- $line
  [ $# -eq 5 ] || unreadable "a process is not what it should be"
  p_boot=$1 p_namespace=$2 p_pid=$3 p_birth=$4 p_grace=$5
}

runs() { # tells whether the stage of the attempt $1 lives
  read_process "$1" && [ "$p_boot" = "$boot" ] && [ "$p_namespace" = "$namespace" ] && lives "$p_pid" "$p_birth"
}

# --- the guard

read_guard() {
  version=1 owner_store='' owner_name='' highest=0 owner=''
  [ -e "$guard/guard" ] || return 0
  line=''
  first_line line "$guard/guard" || unreadable "it is empty"
  # shellcheck disable=SC2086 # words
  set -- $line
  [ $# -eq 5 ] || [ "$1" != 1 ] || unreadable "it is cut short"
  version=$1 owner_store=$2 highest=$3 owner=$4 owner_name=$5
  [ "$version" = 1 ] || refuse "the guard \`$guard\` was written by a newer Funade: use that one for this environment"
  case $highest in '' | *[!0-9]*) unreadable "its fence is no number" ;; esac
}

write_guard() { # fence, whose
  must_keep "$guard/guard" "1 $store $1 $2 $name"
  highest=$1 owner=$2
}

check_owner() {
  [ -n "$owner_store" ] || return 0
  [ "$owner_store" = "$store" ] || refuse "this environment belongs to the store $owner_store, and this is $store:" \
    "deploy it from where it was deployed before; if that store is gone for good, stop all Funade and remove \`$guard\`"
  [ "$owner_name" = "$name" ] || refuse "\`$base\` belongs to $owner_name, and this is $name: give each its own \`path\`"
}

read_phase() { # of the attempt $1
  phase=unseen seen=0 seen_digest='' rest='' line=''
  [ -e "$guard/attempts/$1/phase" ] || return 0
  first_line line "$guard/attempts/$1/phase" || unreadable "an attempt is not what it should be"
  # shellcheck disable=SC2086 # words
  set -- $line
  [ $# -ge 3 ] || unreadable "an attempt is not what it should be"
  phase=$1 seen=$2 seen_digest=$3
  shift 3
  rest=$*
  case $phase in
  intended | preparing | prepared | publishing | ended | sealed | lost) ;;
  *) unreadable "an attempt is not what it should be" ;;
  esac
  case $seen in '' | *[!0-9]*) unreadable "an attempt is not what it should be" ;; esac
}

write_phase() { # of the attempt $1; the rest of the words
  write_phase_of=$1
  shift
  keep "$guard/attempts/$write_phase_of/phase" "$*"
}

settle() { # writes down what became of the attempt $1, whose stage lives no more, if nobody did; under both locks
  read_phase "$1"
  case $phase in preparing | publishing) ;; *) return 0 ;; esac
  read_process "$1" || unreadable "a process is not described"
  if [ "$p_boot" != "$boot" ]; then
    why="the machine was restarted while it ran"
  elif [ "$p_namespace" != "$namespace" ]; then
    why="the container in which it ran is gone"
  else
    why="it was killed from outside"
    end_session "$p_pid" "$p_birth" || fail "a process of session $p_pid is left of an older execution and cannot be ended"
    if first_line line "$guard/attempts/$1/hook"; then
      end_session "${line% *}" "${line#* }" ||
        fail "a process of session ${line% *} is left of an older execution and cannot be ended"
    fi
  fi
  write_phase "$1" "lost $seen $seen_digest $why"
}

settle_lost() { # $1, when its stage is gone without a word
  runs "$1" && return 0
  exec 9>>"$guard/execution.lock"
  if flock -n 9; then
    lock
    settle "$1"
    unlock
  fi
  exec 9>&-
}

end_attempt() { # sees to it that nothing of the attempt $1 lives any more
  read_process "$1" || unreadable "a process is not described"
  if runs "$1"; then
    kill -TERM "$p_pid" 2>/dev/null
  fi
  exec 9>>"$guard/execution.lock"
  if ! take 9 $((p_grace + 5)); then
    ! runs "$1" || kill -KILL "$p_pid" 2>/dev/null
    take 9 5 || fail "an older execution ($1) lives and cannot be ended"
  fi
  lock
  settle "$1"
  unlock
  exec 9>&-
}

end_older() { # whatever of another attempt still lives or waits for its next stage
  for older in $(ls "$guard/attempts"); do
    [ "$older" != "$key" ] || continue
    read_phase "$older"
    case $phase in preparing | publishing) end_attempt "$older" ;; esac
    lock
    read_phase "$older"
    [ "$phase" != prepared ] || write_phase "$older" "ended $seen $seen_digest cancel - $(date +%s) a newer deployment took over"
    unlock
  done
}

# --- what is there

current_release() {
  current=''
  current=$(readlink "$base/current" 2>/dev/null) || current=''
  current=${current##*/}
}

is_whole() { # tells whether the release directory $1 is all there
  [ -n "$1" ] && [ -e "$guard/ready/$1" ] && [ -d "$base/releases/$1" ] &&
    first_line made "$guard/ready/$1" && first_line found "$base/releases/$1/REVISION" &&
    [ "$found" = "${made#* }" ]
}

find_release() { # sets `have` to a whole release made of $1
  have=''
  current_release
  for one in "$current" $(ls "$guard/ready" 2>/dev/null); do
    if [ -n "$one" ] && is_whole "$one" && [ "${made%% *}" = "$1" ]; then
      have=$one
      return 0
    fi
  done
}

show() {
  read_phase "$key"
  case $phase in preparing | publishing)
    settle_lost "$key"
    read_phase "$key"
    ;;
  esac
  case $phase in
  intended) [ "$seen" -ge "$highest" ] || phase=sealed ;;
  prepared) [ "$seen" -ge "$highest" ] || phase=overtaken ;;
  esac
  say phase "$phase" "$rest"
  say highest "$highest"
  size=0
  [ ! -e "$guard/attempts/$key/output" ] || size=$(wc -c <"$guard/attempts/$key/output")
  say output "$size"
}

show_current() {
  current_release
  revision=''
  [ -z "$current" ] || first_line revision "$base/current/REVISION"
  say current "$current"
  say revision "$revision"
}

# --- the stages: this process becomes the one that runs them

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
  rm -f "$here/hook"
  must_keep "$here/process" "$boot $namespace $$ $birth $grace"
  write_phase "$key" "$2 $fence $digest" || fail "\`$here\` cannot be written: is the disk full?"
  by=itself code=0 problem='' hook='' timer='' killer=''
  trap '' HUP PIPE INT
  trap 'stop cancel' TERM
  trap 'stop time_limit' ALRM
}

go_on() { # nobody is told any more; from here on everything goes to the log
  unlock
  rm -f "$here/pipe"
  mkfifo "$here/pipe" || fail "\`$here\` cannot be written: is the disk full?"
  say began
  exec </dev/null >/dev/null 2>/dev/null
  copy_output &
  copier=$!
  exec 7>"$here/pipe" >&7 2>&7
  alarm "$time_limit" ALRM $$
  timer=$alarm
}

copy_output() { # from the programs to the log, without secrets; a full disk does not stop them
  exec 8>&- 9>&- 5<"$here/pipe"
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
  rm -f "$here/hook.missing"
  field hooks
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
  tries=20
  while kill -0 "$copier" 2>/dev/null && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.05 2>/dev/null || sleep 1
  done
  members $$ kill
  rm -f "$here/pipe"
  exec 8>>"$guard/change.lock"
  flock 8
  until
    case $word in
    ended) write_phase "$key" "ended $fence $digest $by $shown $(date +%s) $problem" ;;
    *) write_phase "$key" "$word $fence $digest" ;;
    esac
  do
    sleep 1
  done
  exit 0
}

# --- a release directory

link_shared() { # the file or folder (it ends with a slash) $1 of `shared` into the tree $2
  item=${1%/}
  if [ ! -e "$base/shared/$item" ]; then
    case $1 in
    */) mkdir -p "$base/shared/$item" || return 1 ;;
    *)
      give_up "\`$base/shared/$item\` is not there: put it there, or write \`$item/\` in \`shared\` for a folder"
      return 1
      ;;
    esac
  fi
  path=$2 rest_of_item=$item
  while :; do
    case $rest_of_item in */*) ;; *) break ;; esac
    path=$path/${rest_of_item%%/*}
    rest_of_item=${rest_of_item#*/}
    if [ -L "$path" ]; then
      give_up "\`shared: $1\` would leave the release: \`${path#"$2"/}\` is a link there"
      return 1
    fi
    [ -d "$path" ] || { rm -f "$path" && mkdir "$path"; } || return 1
  done
  rm -rf "$2/${item:?}" && ln -s "$base/shared/$item" "$2/$item"
}

make_release() { # of the files that came, under its name
  tree=$guard/incoming/$key
  [ -e "$tree.whole" ] || {
    give_up "its files are not on this host"
    return 1
  }
  mkdir -p "$base/releases" "$base/shared" && printf '%s\n' "$wanted" >"$tree/REVISION" || {
    give_up "\`$base\` cannot be written: is the disk full?"
    return 1
  }
  while [ "$shared" -gt 0 ]; do
    shared=$((shared - 1))
    field item
    link_shared "$item" "$tree" || {
      give_up "\`$item\` cannot be shared"
      return 1
    }
  done
  current_release
  [ "$current" != "$release" ] || {
    give_up "the release \`$release\` is live already"
    return 1
  }
  rm -f "$guard/ready/$release"
  rm -rf "$base/releases/${release:?}" && mv "$tree" "$base/releases/$release" && rm -f "$tree.whole" || {
    give_up "\`$base/releases/$release\` cannot be made"
    return 1
  }
}

prune() { # old release directories, but neither the live one nor what was healthy before
  mkdir -p "$guard/trash" "$guard/ready"
  live='' previous=''
  ! first_line line "$guard/live" || {
    live=${line%% *}
    previous=${line#* }
  }
  left=$keep_releases
  for one in $(ls -t "$guard/ready"); do
    left=$((left - 1))
    [ "$left" -lt 0 ] || continue
    case $one in "$current" | "$live" | "$previous") continue ;; esac
    rm -f "$guard/ready/$one"
  done
  for one in $(ls "$base/releases"); do
    [ ! -e "$guard/ready/$one" ] || continue
    case $one in "$current" | "$live" | "$previous" | "$release") continue ;; esac
    # What other tools made is not ours to remove.
    [ -e "$guard/ours/$one" ] || continue
    mv "$base/releases/$one" "$guard/trash/$one" && rm -f "$guard/ours/$one"
  done
  rm -rf "$guard/trash" "$guard/incoming"
  left=100
  for one in $(ls -t "$guard/attempts"); do
    left=$((left - 1))
    [ "$left" -lt 0 ] && [ "$one" != "$key" ] || continue
    read_phase "$one"
    case $phase in ended | sealed | lost | intended) [ "$seen" -ge "$highest" ] || rm -rf "$guard/attempts/${one:?}" ;; esac
  done
}

# --- what can be asked for

do_look() {
  if [ -d "$guard" ]; then
    read_guard
    show
  else
    say phase unseen
    say highest 0
    say output 0
  fi
  show_current
  over ok
}

do_intend() { # raises the guard; tells which release directory is there already
  field remaining
  field made_of
  mkdir -p "$guard" && chmod 700 "$guard" || fail "\`$guard\` cannot be made: may the user write to \`$base\`?"
  lock
  read_guard
  check_owner
  read_phase "$key"
  case $phase in
  unseen) ;;
  sealed) refuse "this attempt was cancelled before it began" ;;
  intended)
    [ "$seen $seen_digest" = "$fence $digest" ] || refuse "this attempt is known here with another fence or another plan"
    ;;
  *) refuse "this attempt has begun before, and no attempt begins twice" ;;
  esac
  [ "$fence" -ge "$highest" ] || refuse "fence $fence is old: this environment has seen $highest"
  if [ "$fence" = "$highest" ] && [ "$owner" != "$deployment" ]; then
    refuse "fence $fence was given to another deployment"
  fi
  mkdir -p "$here" || fail "\`$here\` cannot be made: is the disk full?"
  write_guard "$fence" "$deployment"
  uptime=0
  first_line uptime /proc/uptime
  write_phase "$key" "intended $fence $digest $boot $((${uptime%%.*} + remaining))" ||
    fail "\`$here\` cannot be written: is the disk full?"
  unlock
  end_older
  find_release "$made_of"
  say have "$have"
  over ok
}

do_send() { # the rest of what comes is the revision's tree
  coming=$guard/incoming/$key.$$
  rm -rf "$coming" "$coming.broken"
  mkdir -p "$coming" || fail "\`$coming\` cannot be made: is the disk full?"
  { gzip -dc || : >"$coming.broken"; } | tar -xf - -C "$coming" || : >"$coming.broken"
  if [ -e "$coming.broken" ]; then
    rm -rf "$coming" "$coming.broken"
    fail "the files came incomplete, or cannot be written: is the disk full?"
  fi
  lock
  read_guard
  read_phase "$key"
  if [ "$phase" != intended ] || [ "$fence" != "$highest" ]; then
    rm -rf "$coming"
    refuse "it may not begin any more: it is $phase here, and this environment has seen fence $highest"
  fi
  tree=$guard/incoming/$key
  rm -rf "$tree" && mv "$coming" "$tree" && : >"$tree.whole" || fail "\`$tree\` cannot be made: is the disk full?"
  over ok
}

read_stage() {
  field grace
  field time_limit
  field masks
}

do_prepare() {
  stage=prepare
  read_stage
  field late
  field made_of
  field wanted
  field release
  field shared
  begin_stage intended preparing
  go_on
  mkdir -p "$guard/ready" "$guard/ours"
  find_release "$made_of"
  if [ -n "$have" ]; then
    release=$have
    say "[funade] release $release is here already"
    keep "$here/release" "$release" || give_up "\`$here\` cannot be written: is the disk full?"
    end_stage prepared
  fi
  say "[funade] making release $release"
  : >"$guard/ours/$release"
  if keep "$here/release" "$release" && make_release && run_hooks &&
    keep "$guard/ready/$release" "$made_of $wanted"; then
    end_stage prepared
  fi
  give_up "\`$base\` cannot be written: is the disk full?"
  end_stage prepared
}

do_publish() {
  stage=publish
  read_stage
  field keep_releases
  first_line release "$here/release" || fail "nobody knows which release was made"
  is_whole "$release" || fail "the release \`$release\` is not whole any more"
  begin_stage prepared publishing
  # Still under the lock that a newer fence would need: whoever is fenced out does not come here.
  current_release
  before=$current
  switched=yes
  if [ "$before" != "$release" ]; then
    rm -f "$guard/current.new"
    ln -s "releases/$release" "$guard/current.new" && mv -fT "$guard/current.new" "$base/current" || switched=''
    sync "$base" 2>/dev/null || sync
  fi
  go_on
  if [ -n "$switched" ]; then
    say "[funade] current is release $release"
    touch "$guard/ready/$release"
    if run_hooks; then
      line='- -'
      first_line line "$guard/live"
      [ "${line%% *}" = "$release" ] || keep "$guard/live" "$release ${line%% *}"
    fi
  else
    give_up "\`$base/current\` cannot be switched: it must be a link or not be there"
  fi
  current=$release
  prune
  end_stage 'ended'
}

do_cancel() { # seals what has not begun, ends what waits for its next stage, asks what runs to end
  field word
  if [ ! -d "$guard" ]; then
    mkdir -p "$guard" && chmod 700 "$guard" || fail "\`$guard\` cannot be made: may the user write to \`$base\`?"
  fi
  lock
  read_guard
  check_owner
  read_phase "$key"
  case $phase in
  unseen | intended)
    mkdir -p "$here" || fail "\`$here\` cannot be made: is the disk full?"
    if [ "$fence" -gt "$highest" ]; then write_guard "$fence" "$deployment"; fi
    write_phase "$key" "sealed $fence $digest" || fail "\`$here\` cannot be written: is the disk full?"
    ;;
  prepared)
    write_phase "$key" "ended $seen $seen_digest cancel - $(date +%s) $word" ||
      fail "\`$here\` cannot be written: is the disk full?"
    ;;
  esac
  unlock
  case $phase in preparing | publishing) ! runs "$key" || kill -TERM "$p_pid" 2>/dev/null ;; esac
  show
  show_current
  over ok
}

do_output() { # what was written from byte $from on
  field from
  say ok
  [ ! -e "$here/output" ] || tail -c "+$((from + 1))" "$here/output"
  exit 0
}

do_follow() { # the same, as it comes, until the stage that runs now is over
  field from
  say ok
  exec 9>>"$guard/execution.lock"
  if [ -e "$here/output" ]; then
    tail -c "+$((from + 1))" -f "$here/output" 9>&- &
    follower=$!
    flock -s 9
    exec 9>&-
    kill "$follower"
  else
    flock -s 9
  fi
  exit 0
}

do_check() { # what would keep a deployment from going well; changes nothing
  for tool in tar gzip flock setsid mkfifo readlink tail sed sync touch mv; do
    command -v "$tool" >/dev/null 2>&1 || say missing "$tool"
  done
  mv -T /nonexistent.funade.1 /nonexistent.funade.2 2>&1 | grep -q -e nrecognized -e nvalid && say missing 'mv -T'
  [ -r /proc/self/stat ] || say missing /proc
  nearest=$base
  while [ ! -e "$nearest" ] && [ -n "$nearest" ]; do nearest=${nearest%/*}; done
  nearest=${nearest:-/}
  if [ ! -d "$nearest" ] || [ ! -w "$nearest" ]; then say unwritable "$nearest"; fi
  if [ -e "$base/current" ] && [ ! -L "$base/current" ]; then say nolink "$base/current"; fi
  # shellcheck disable=SC2046 # the fourth word of the last line
  say space $(df -Pk "$nearest" 2>/dev/null | tail -n 1 | { read -r _ _ _ free _ && echo "$free"; })
  say clock "$(date +%s)"
  say user "$(id -un 2>/dev/null)"
  if [ -d "$guard" ] && [ -n "$store" ]; then
    read_guard
    check_owner
  fi
  show_current
  over ok
}

main() {
  field operation
  field base
  field name
  field store
  field deployment
  field attempt
  field fence
  field digest
  case $deployment$attempt$fence$digest in *[!0-9A-Za-z-]*) fail "the request is not what it should be" ;; esac
  # shellcheck disable=SC2088 # as it is written in funade.yaml
  case $base in '~/'*) base=$HOME/${base#'~/'} ;; esac
  guard=$base/.funade key=$deployment.$attempt here=$base/.funade/attempts/$deployment.$attempt
  boot_id
  case $operation in
  look | intend | send | prepare | publish | cancel | output | follow | check) "do_$operation" ;;
  *) fail "the host does not know what to do" ;;
  esac
}

request=$(printf '%b.' "$request")
request=${request%.}
main
