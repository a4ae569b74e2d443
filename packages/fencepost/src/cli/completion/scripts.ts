/** The command is asked, so what is completed never lags behind it. It reads the line as it was typed. */
export const BASH = String.raw`# bash completion of fencepost: source <(npx fencepost completion bash)
_fencepost() {
  local candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <(COMP_LINE="$COMP_LINE" COMP_POINT="$COMP_POINT" COMP_WORDBREAKS="$COMP_WORDBREAKS" "\${COMP_WORDS[0]}" complete bash 2>/dev/null)
}
complete -F _fencepost fencepost
`.replaceAll(String.raw`\$`, '$')

export const ZSH = String.raw`#compdef fencepost
# zsh completion of fencepost: source <(npx fencepost completion zsh), after compinit
_fencepost() {
  local -a found
  found=("\${(@f)$(COMP_LINE="\${(j: :)\${(@q)words[1,CURRENT]}}" "\${words[1]}" complete zsh 2>/dev/null)}")
  found=(\${found:#})
  (( \${#found} )) && compadd -- "\${found[@]}"
}
compdef _fencepost fencepost
`.replaceAll(String.raw`\$`, '$')
