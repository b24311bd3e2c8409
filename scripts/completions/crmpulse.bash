# bash completion for crmpulse-agent, crmpulse-collector and crmpulse-sandbox: what their own --help lists, so that it is
# never out of date. What is chosen from ({text,json}) is completed, and files where a file is wanted.
_crmpulse() {
  local cur prev words cword split
  _init_completion -s || return

  # The subcommands that stand on the line already: `token create`.
  local -a line=("${words[0]}")
  local word help
  for word in "${words[@]:1:cword-1}"; do
    [[ $word == [a-z]* ]] || continue
    help=$("${line[@]}" --help 2>/dev/null) || return
    grep -qE "^  $word( |$)" <<<"$help" && line+=("$word")
  done
  help=$("${line[@]}" --help 2>/dev/null) || return

  if [[ $prev == --* ]]; then
    local choices
    choices=$(sed -nE "s/^  (-h,)?$prev [A-Z]+:\{([^}]*)\}.*/\2/p" <<<"$help")
    if [[ $choices ]]; then
      mapfile -t COMPREPLY < <(compgen -W "${choices//,/ }" -- "$cur")
      return
    fi
    if grep -qE "^  $prev [A-Z]" <<<"$help"; then
      _filedir
      return
    fi
  fi
  if [[ $cur == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(grep -oE -- '^  (-h,)?--[a-z-]+' <<<"$help" | grep -oE -- '--[a-z-]+')" -- "$cur")
    return
  fi
  local commands
  commands=$(sed -n '/^Subcommands:/,$ s/^  \([a-z][a-z-]*\) .*/\1/p' <<<"$help")
  if [[ $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
  elif [[ ${line[*]:1} == recipes ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$("${line[0]}" recipes 2>/dev/null | sed -n '1,2d; s/^\([a-z][a-z0-9_-]*\) .*/\1/p')" -- "$cur")
    [[ ${#COMPREPLY[@]} -gt 0 ]] || _filedir
  else
    _filedir
  fi
}
complete -F _crmpulse crmpulse-agent crmpulse-collector crmpulse-sandbox
