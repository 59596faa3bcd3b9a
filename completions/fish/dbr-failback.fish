# fish completion for dbr-failback
complete -c dbr-failback -f
complete -c dbr-failback -l reason -d 'why, for the events and the hook' -x
complete -c dbr-failback -l force -d 'neither wait for the secondary nor sync from it'
complete -c dbr-failback -l dry-run -s n -d 'say what would be done, write nothing'
complete -c dbr-failback -l wait -d 'wait for another run to finish' -x
complete -c dbr-failback -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-failback -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-failback -l json -d 'print one JSON document'
complete -c dbr-failback -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-failback -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-failback -l verbose -s v -d 'print more of what is done'
complete -c dbr-failback -l no-color -d 'print without colours'
complete -c dbr-failback -l help -s h -d 'print this help'
complete -c dbr-failback -l version -s V -d 'print the version'
