# fish completion for dbr-failover
complete -c dbr-failover -f
complete -c dbr-failover -l reason -d 'why, for the events and the hook' -x
complete -c dbr-failover -l force -d 'neither wait for the primary nor sync from it'
complete -c dbr-failover -l dry-run -s n -d 'say what would be done, write nothing'
complete -c dbr-failover -l wait -d 'wait for another run to finish' -x
complete -c dbr-failover -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-failover -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-failover -l json -d 'print one JSON document'
complete -c dbr-failover -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-failover -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-failover -l verbose -s v -d 'print more of what is done'
complete -c dbr-failover -l no-color -d 'print without colours'
complete -c dbr-failover -l help -s h -d 'print this help'
complete -c dbr-failover -l version -s V -d 'print the version'
