# Files that are whole or not there, and locks.

unreadable() {
  refuse "the guard \`$guard\` cannot be read ($1), so nothing may begin: make sure that no program of this" \
    "environment runs there, then put it back from a backup or remove that folder"
}

keep() { # replaces the file $1 by the line $2, whole or not at all, and for good
  printf '%s\n' "$2" >"$1.new" && { sync "$1.new" 2>/dev/null || sync; } &&
    mv -f "$1.new" "$1" && { sync "${1%/*}" 2>/dev/null || sync; }
}

keep_both() { # the same for the two files $1 and $3, and their lines $2 and $4, as soon as either is there
  printf '%s\n' "$2" >"$1.new" && printf '%s\n' "$4" >"$3.new" && { sync "$1.new" "$3.new" 2>/dev/null || sync; } &&
    mv -f "$1.new" "$1" && mv -f "$3.new" "$3" && { sync "${1%/*}" "${3%/*}" 2>/dev/null || sync; }
}

keep_lightly() { # the same as `keep`; a power loss may take it, and whoever reads it can do without
  if [ -s "$1" ]; then
    printf '%s\n' "$2" >"$1.new" && mv -f "$1.new" "$1"
  else
    # What is empty counts as what is not there.
    printf '%s\n' "$2" >"$1"
  fi
}

remove() { # what is there of these
  for gone in "$@"; do
    [ ! -e "$gone" ] && [ ! -L "$gone" ] || rm -rf "$gone" || return 1
  done
}

names_in() { # sets `names` to those in the folder $1, without a process; ours hold no spaces
  names=''
  set +f
  for entry in "$1"/*; do
    [ ! -e "$entry" ] || names="$names ${entry##*/}"
  done
  set -f
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
