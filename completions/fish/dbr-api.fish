# fish completion for dbr-api
complete -c dbr-api -f
complete -c dbr-api -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-api -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-api -l json -d 'print one JSON document'
complete -c dbr-api -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-api -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-api -l verbose -s v -d 'print more of what is done'
complete -c dbr-api -l no-color -d 'print without colours'
complete -c dbr-api -l help -s h -d 'print this help'
complete -c dbr-api -l version -s V -d 'print the version'
