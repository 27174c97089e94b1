const bash = `# bash completion for tutti
_tutti() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$line")
  done < <("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  if [ "\${#COMPREPLY[@]}" -eq 1 ] && [[ "\${COMPREPLY[0]}" == *= ]]; then compopt -o nospace; fi
}
complete -o default -F _tutti tutti
`;

const zsh = `#compdef tutti
# zsh completion for tutti
_tutti() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  found=("\${(@)found:#}")
  if (( \${#found} )); then compadd -a found; else _files; fi
}
if [ "$funcstack[1]" = "_tutti" ]; then _tutti "$@"; else compdef _tutti tutti; fi
`;

const fish = `# fish completion for tutti
function __tutti_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c tutti -f -a '(__tutti_complete)'
complete -c tutti -n '__fish_seen_subcommand_from deploy plan' -s f -l file -r -F
`;

const scripts = { bash, zsh, fish } as const;

/** A script that asks \`tutti __complete\` for what may stand at the cursor. */
export const completionScript = (shell: keyof typeof scripts): string => scripts[shell];
