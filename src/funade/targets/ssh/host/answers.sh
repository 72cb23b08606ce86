# What a host can be asked for, and the loop that answers.

do_look() { # waits for the end of a stage for $patience hundredths of a second; brings output from byte $from on
  field patience
  field from
  if [ -d "$guard" ]; then
    read_guard
    await_end
    show
  else
    say phase unseen
    say highest 0
    say output 0
    size=0
  fi
  show_current
  if [ "$size" -gt "$from" ] && [ $((size - from)) -le 65536 ]; then
    tail -c "+$((from + 1))" "$here/output" | LC_ALL=C sed 's/^/|/'
    say
  fi
  over ok
}

await_end() { # of the stage that runs, for $patience hundredths of a second
  [ "$patience" -gt 0 ] || return 0
  read_phase "$key"
  case $phase in preparing | publishing) ;; *) return 0 ;; esac
  exec 9>>"$guard/execution.lock"
  # Where it cannot wait for so long (BusyBox), whoever asks follows instead.
  flock -s -w "$((patience / 100)).$((patience / 10 % 10))" 9 2>/dev/null
  exec 9>&-
}

do_intend() { # raises the guard; tells which release directory is there already
  for tool in flock setsid tar gzip mkfifo; do
    command -v "$tool" >/dev/null 2>&1 || fail "there is no program \`$tool\`: \`funade check\` says what to install"
  done
  field remaining
  field made_of
  [ -d "$guard" ] || mkdir -p -m 700 "$guard" || fail "\`$guard\` cannot be made: may the user write to \`$base\`?"
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
  [ -d "$here" ] || mkdir -p "$here" || fail "\`$here\` cannot be made: is the disk full?"
  uptime=0
  first_line uptime /proc/uptime
  # The fence first: an attempt without it may not begin.
  keep_both "$guard/guard" "1 $store $fence $deployment $name" \
    "$here/phase" "intended $fence $digest $boot $((${uptime%%.*} + remaining))" ||
    fail "\`$guard\` cannot be written: is the disk full?"
  highest=$fence owner=$deployment
  unlock
  end_older
  find_release "$made_of"
  say have "$have"
  over ok
}

do_sent() { # the files that came as $coming are this attempt's
  field coming
  case $coming in "$guard/incoming/$key".*) ;; *) fail "the request is not what it should be" ;; esac
  lock
  read_guard
  read_phase "$key"
  if [ "$phase" != intended ] || [ "$fence" != "$highest" ]; then
    rm -rf "$coming"
    refuse "it may not begin any more: it is $phase here, and this environment has seen fence $highest"
  fi
  tree=$guard/incoming/$key
  # It is whole or not there; what came before is cleared away later.
  { [ ! -e "$tree" ] || mv "$tree" "$coming.old"; } && mv "$coming" "$tree" || fail "\`$tree\` cannot be made: is the disk full?"
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
  make_folders "$guard/ready" "$guard/ours"
  find_release "$made_of"
  if [ -n "$have" ]; then
    release=$have
    say "[funade] release $release is here already"
    keep_lightly "$here/release" "$release" || give_up "\`$here\` cannot be written: is the disk full?"
    end_stage prepared
  fi
  say "[funade] making release $release"
  : >"$guard/ours/$release"
  if keep_lightly "$here/release" "$release" && make_release && run_hooks && settle_down &&
    keep_lightly "$guard/ready/$release" "$made_of $wanted"; then
    end_stage prepared
  fi
  give_up "\`$base\` cannot be written: is the disk full?"
  end_stage prepared
}

settle_down() { # waits until the release is on the disk: whoever finds it in `ready` takes it for whole
  sync -f "$base/releases/$release" 2>/dev/null || sync
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
    remove "$guard/current.new"
    ln -s "releases/$release" "$guard/current.new" && mv -fT "$guard/current.new" "$base/current" || switched=''
    sync "$base" 2>/dev/null || sync
  fi
  go_on
  if [ -n "$switched" ]; then
    say "[funade] current is release $release"
    # The newest are kept; what this attempt made is new.
    case $release in *"-$key") ;; *) touch "$guard/ready/$release" ;; esac
    if run_hooks; then
      line='- -'
      first_line line "$guard/live"
      [ "${line%% *}" = "$release" ] || keep_lightly "$guard/live" "$release ${line%% *}"
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

stage_alone() { # in a session of its own; what it says until it closes its output is the answer
  said=$(
    printf '%s\n' "$raw_request" | FUNADE_program=$program FUNADE_boot="$boot $namespace" setsid /bin/sh -c \
      'IFS= read -r request && program=$FUNADE_program && unset FUNADE_program && eval "$(printf %b "$program")"' &
  )
  say "$said"
}

answer() {
  read_request
  case $operation in
  look | intend | sent | prepare | publish | cancel | check) "do_$operation" ;;
  *) fail "the host does not know what to do" ;;
  esac
}

serve() { # one request after the other, each in a process of its own, each answer closed by a dot
  while IFS= read -r request; do
    (
      exec </dev/null
      raw_request=$request
      case $request in
      prepare* | publish*) stage_alone ;;
      *) answer ;;
      esac
    )
    say .
  done
}

if [ -n "${FUNADE_boot-}" ]; then
  # A stage of its own is told what whoever began it knows.
  boot=${FUNADE_boot%% *} namespace=${FUNADE_boot#* }
  unset FUNADE_boot
  answer
else
  boot_id
  serve
fi
