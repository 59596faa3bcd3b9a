# fish completion for dbr-sync
complete -c dbr-sync -f
complete -c dbr-sync -l full -d 'compare every table completely, whatever its size'
complete -c dbr-sync -l verify -d 'compare only; exit 4 when the databases differ'
complete -c dbr-sync -l repair -d 'compare completely, mend the standby, compare again'
complete -c dbr-sync -l force -d 'delete even more rows than DB_MAX_DELETE_PERCENT allows'
complete -c dbr-sync -l tables -d 'only these tables and those that they refer to' -x
complete -c dbr-sync -l dry-run -s n -d 'say what would be done, write nothing'
complete -c dbr-sync -l batch-size -d 'rows in one statement' -x
complete -c dbr-sync -l wait -d 'wait for another run to finish' -x
complete -c dbr-sync -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-sync -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-sync -l json -d 'print one JSON document'
complete -c dbr-sync -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-sync -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-sync -l verbose -s v -d 'print more of what is done'
complete -c dbr-sync -l no-color -d 'print without colours'
complete -c dbr-sync -l help -s h -d 'print this help'
complete -c dbr-sync -l version -s V -d 'print the version'
