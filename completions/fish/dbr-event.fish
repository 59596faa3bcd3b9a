# fish completion for dbr-event
complete -c dbr-event -f
complete -c dbr-event -l event -d 'what kind of event' -x -a 'backup alert error'
complete -c dbr-event -l message -d 'what happened, in one line' -x
complete -c dbr-event -l reason -d 'a word for it, such as the program that reports it' -x
complete -c dbr-event -l file -d 'the file that it is about' -r -F
complete -c dbr-event -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-event -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-event -l json -d 'print one JSON document'
complete -c dbr-event -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-event -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-event -l verbose -s v -d 'print more of what is done'
complete -c dbr-event -l no-color -d 'print without colours'
complete -c dbr-event -l help -s h -d 'print this help'
complete -c dbr-event -l version -s V -d 'print the version'
