# fish completion for dbr-export
complete -c dbr-export -f
complete -c dbr-export -l source -d 'the database to read; the active one by default' -x -a 'active primary secondary'
complete -c dbr-export -l output -s o -d 'where to write, - for standard output; .gz at the end compresses' -r -F
complete -c dbr-export -l schema-only -d 'no rows'
complete -c dbr-export -l data-only -d 'rows and positions of sequences, nothing that creates'
complete -c dbr-export -l tables -d 'only these tables and what belongs to them' -x
complete -c dbr-export -l dialect -d 'the engine that the file is for; the source\'s own by default' -x -a 'postgres cockroach'
complete -c dbr-export -l inserts -d 'INSERT statements instead of COPY blocks'
complete -c dbr-export -l gzip -d 'compress, whatever the name'
complete -c dbr-export -l level -d 'from 1, the fastest, to 9, the smallest; 6 by default' -x
complete -c dbr-export -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-export -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-export -l json -d 'print one JSON document'
complete -c dbr-export -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-export -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-export -l verbose -s v -d 'print more of what is done'
complete -c dbr-export -l no-color -d 'print without colours'
complete -c dbr-export -l help -s h -d 'print this help'
complete -c dbr-export -l version -s V -d 'print the version'
