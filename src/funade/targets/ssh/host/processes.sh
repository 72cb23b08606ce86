# Processes, known by boot, PID namespace and start time, never by number alone.

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

candidates() { # sets `found` to all processes that may be of the session $1
  # The fields follow the last parenthesis, whatever the name is; a name may only look as if it were one more.
  set +f
  found=$(grep -slE "\\) . -?[0-9]+ -?[0-9]+ $1 " /proc/[0-9]*/stat)
  known=$?
  set -f
  # Some end meanwhile, which is 2; without an answer all of them may be.
  [ "$known" -le 2 ] || found=$(ls /proc)
  left=$found found=''
  for one in $left; do
    one=${one#/proc/}
    one=${one%/stat}
    case $one in *[!0-9]*) ;; *) found="$found $one" ;; esac
  done
}

members() { # counts the living of the session $1; kills them where $2 is `kill`
  count=0
  candidates "$1"
  for one in $found; do
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
