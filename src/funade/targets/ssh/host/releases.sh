# Release directories: what is there, how one is made, which are removed.
#
# $guard/ready/NAME   whole, and what it was made of
# $guard/ours/NAME    made by us
# $guard/live         the release that was live and well last, and the one before it

current_release() {
  current=''
  [ -L "$base/current" ] || return 0
  # Without a program, where it leads somewhere.
  current=$(cd -P "$base/current" 2>/dev/null && printf %s "$PWD") || current=$(readlink "$base/current")
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
  names_in "$guard/ready"
  for one in "$current" $names; do
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

make_folders() { # those that are not there
  for folder in "$@"; do
    [ -d "$folder" ] || mkdir -p "$folder" || return 1
  done
}

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
  [ -d "$tree" ] || {
    give_up "its files are not on this host"
    return 1
  }
  make_folders "$base/releases" "$base/shared" && printf '%s\n' "$wanted" >"$tree/REVISION" || {
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
  remove "$guard/ready/$release" "$base/releases/${release:?}" && mv "$tree" "$base/releases/$release" || {
    give_up "\`$base/releases/$release\` cannot be made"
    return 1
  }
}

newest_first() { # sets `names` to those in the folder $1, or to none while they are no more than $2
  names_in "$1"
  # shellcheck disable=SC2086 # words
  set -- "$1" "$2" $names
  if [ $(($# - 2)) -gt "$2" ]; then names=$(ls -t "$1"); else names=''; fi
}

empty_trash() { # takes its time with many files, and nobody waits for it
  names_in "$guard/trash"
  [ -z "$names" ] || rm -rf "$guard/trash"
}

prune() { # old release directories, but neither the live one nor what was healthy before
  make_folders "$guard/trash" "$guard/ready"
  live='' previous=''
  ! first_line line "$guard/live" || {
    live=${line%% *}
    previous=${line#* }
  }
  left=$keep_releases
  newest_first "$guard/ready" "$left"
  for one in $names; do
    left=$((left - 1))
    [ "$left" -lt 0 ] || continue
    case $one in "$current" | "$live" | "$previous") continue ;; esac
    rm -f "$guard/ready/$one"
  done
  names_in "$base/releases"
  for one in $names; do
    [ ! -e "$guard/ready/$one" ] || continue
    case $one in "$current" | "$live" | "$previous" | "$release") continue ;; esac
    # What other tools made is not ours to remove.
    [ -e "$guard/ours/$one" ] || continue
    mv "$base/releases/$one" "$guard/trash/$one" && rm -f "$guard/ours/$one"
  done
  names_in "$guard/incoming"
  [ -z "$names" ] || rm -rf "$guard/incoming"
  left=100
  newest_first "$guard/attempts" "$left"
  for one in $names; do
    left=$((left - 1))
    [ "$left" -lt 0 ] && [ "$one" != "$key" ] || continue
    read_phase "$one"
    case $phase in ended | sealed | lost | intended) [ "$seen" -ge "$highest" ] || rm -rf "$guard/attempts/${one:?}" ;; esac
  done
}
