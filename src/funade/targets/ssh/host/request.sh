# What a host is asked, and its answer: the first part of every program that a host is sent.
#
# A request is one line; its fields are lines, once its escapes are undone; theirs are undone field by field. Each
# answer is lines, the last of which is `ok`, `began`, `refused WHY`, `busy WHY` or `failed WHY`; without, nobody knows.

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

read_request() { # undoes the line's escapes, and reads what stands in every request
  request=$(printf '%b.' "$request")
  request=${request%.}
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
}
