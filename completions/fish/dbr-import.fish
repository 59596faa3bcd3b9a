# fish completion for dbr-import
complete -c dbr-import -f
complete -c dbr-import -l target -d 'the database to write to' -x -a 'primary secondary'
complete -c dbr-import -l input -s i -d 'what to read, gzip or plain; - for standard input' -r -F
complete -c dbr-import -l check -d 'read and verify the file, touch no database'
complete -c dbr-import -l clean -d 'drop what the file defines first, and nothing else'
complete -c dbr-import -l upsert -d 'merge the file\'s rows into tables that are there'
complete -c dbr-import -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-import -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-import -l json -d 'print one JSON document'
complete -c dbr-import -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-import -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-import -l verbose -s v -d 'print more of what is done'
complete -c dbr-import -l no-color -d 'print without colours'
complete -c dbr-import -l help -s h -d 'print this help'
complete -c dbr-import -l version -s V -d 'print the version'
