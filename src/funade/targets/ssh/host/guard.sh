# What a host remembers for one application and environment, so that it can say no by itself.
#
# $guard/guard                 version, store, highest fence, whose fence that is, application/environment
# $guard/attempts/KEY/phase    PHASE FENCE DIGEST, and what belongs to the phase
# $guard/attempts/KEY/process  who runs it: boot, PID namespace, number, start time, grace
# $guard/change.lock           held for moments, by whoever changes any of these or switches
# $guard/execution.lock        held by whoever runs a stage, for the whole of its life

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

write_phase_lightly() { # the same as `write_phase`; after a power loss it is what it was before
  write_phase_of=$1
  shift
  keep_lightly "$guard/attempts/$write_phase_of/phase" "$*"
}

write_phase() { # of the attempt $1; the rest of the words
  write_phase_of=$1
  shift
  keep "$guard/attempts/$write_phase_of/phase" "$*"
}

settle() { # writes down what became of the attempt $1, whose stage lives no more, if nobody did; under both locks
  read_phase "$1"
  case $phase in preparing | publishing) ;; *) return 0 ;; esac
  # It is written before the phase, but outlives no power loss.
  if ! read_process "$1" || [ "$p_boot" != "$boot" ]; then
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
  names_in "$guard/attempts"
  for older in $names; do
    [ "$older" != "$key" ] || continue
    # Under the fence that was raised nothing begins any more: what is over needs no lock to be known.
    read_phase "$older"
    case $phase in
    preparing | publishing) end_attempt "$older" ;;
    prepared) ;;
    *) continue ;;
    esac
    lock
    read_phase "$older"
    [ "$phase" != prepared ] || write_phase "$older" "ended $seen $seen_digest cancel - $(date +%s) a newer deployment took over"
    unlock
  done
}
