# fish completion for dbr-drill
complete -c dbr-drill -f
complete -c dbr-drill -l kind -d 'what to rehearse; both by default, planned with --live' -x -a 'planned outage both'
complete -c dbr-drill -l copies -d 'use the two empty databases that this env file names' -r -F
complete -c dbr-drill -l schema-only -d 'copy the tables without their rows'
complete -c dbr-drill -l seconds -d 'let the application write for so long before each switch; 3 by default' -x
complete -c dbr-drill -l live -d 'rehearse on the real pair, with --yes'
complete -c dbr-drill -l dry-run -s n -d 'say what would be done, and do nothing'
complete -c dbr-drill -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-drill -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-drill -l json -d 'print one JSON document'
complete -c dbr-drill -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-drill -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-drill -l verbose -s v -d 'print more of what is done'
complete -c dbr-drill -l no-color -d 'print without colours'
complete -c dbr-drill -l help -s h -d 'print this help'
complete -c dbr-drill -l version -s V -d 'print the version'
