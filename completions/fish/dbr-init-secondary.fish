# fish completion for dbr-init-secondary
complete -c dbr-init-secondary -f
complete -c dbr-init-secondary -l dry-run -s n -d 'print the DDL, write nothing'
complete -c dbr-init-secondary -l dialect -d 'with --dry-run: DDL for that engine, without connecting to a secondary' -x -a 'postgres cockroach'
complete -c dbr-init-secondary -l schema-only -d 'create everything but copy no rows'
complete -c dbr-init-secondary -l recreate -d 'drop what the secondary\'s schema holds first'
complete -c dbr-init-secondary -l resume -d 'continue an interrupted run'
complete -c dbr-init-secondary -l update -d 'follow schema changes of the active database'
complete -c dbr-init-secondary -l force -d 'with --update: also drop and retype; with --recreate: even what nobody merged'
complete -c dbr-init-secondary -l jobs -s j -d 'tables and indexes worked on at the same time' -x
complete -c dbr-init-secondary -l no-verify -d 'do not compare every table afterwards'
complete -c dbr-init-secondary -l wait -d 'wait for another run to finish' -x
complete -c dbr-init-secondary -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-init-secondary -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-init-secondary -l json -d 'print one JSON document'
complete -c dbr-init-secondary -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-init-secondary -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-init-secondary -l verbose -s v -d 'print more of what is done'
complete -c dbr-init-secondary -l no-color -d 'print without colours'
complete -c dbr-init-secondary -l help -s h -d 'print this help'
complete -c dbr-init-secondary -l version -s V -d 'print the version'
