# fish completion for crmpulse-agent, crmpulse-collector and crmpulse-sandbox: what their own --help lists, with what it
# says of it, so that it is never out of date. What is chosen from ({text,json}) is completed, and files where a file is
# wanted.
function __crmpulse_candidates
    set -l tokens (commandline -opc)
    set -l current (commandline -ct)

    # The subcommands that stand on the line already: `token create`.
    set -l line $tokens[1]
    for word in $tokens[2..-1]
        string match -qr '^[a-z]' -- $word; or continue
        set -l help ($line --help 2>/dev/null); or return
        string match -qr "^  $word( |\$)" -- $help; and set -a line $word
    end
    set -l help ($line --help 2>/dev/null); or return

    set -l previous $tokens[-1]
    if string match -q -- '--*' $previous
        set -l choices (string replace -rf "^  (-h,)?$previous [A-Z]+:\{([^}]*)\}.*" '$2' -- $help)
        if test -n "$choices"
            string split , -- $choices
            return
        end
        if string match -qr "^  $previous [A-Z]" -- $help
            __fish_complete_path $current
            return
        end
    end
    if string match -q -- '-*' $current
        string replace -rf '^  (?:-h,)?(--[a-z-]+).*' '$1' -- $help
        return
    end
    set -l listed 0
    for text in $help
        if test $text = Subcommands:
            set listed 1
        else if test $listed = 1
            string replace -rf '^  ([a-z][a-z-]*) +(.*)' '$1\t$2' -- $text
        end
    end
    test $listed = 1; and return
    if test "$line[2..-1]" = recipes
        $line[1] recipes 2>/dev/null | string replace -rf '^([a-z][a-z0-9_-]*) .*' '$1'
    else
        __fish_complete_path $current
    end
end

for program in crmpulse-agent crmpulse-collector crmpulse-sandbox
    complete -c $program -f -a '(__crmpulse_candidates)'
end
