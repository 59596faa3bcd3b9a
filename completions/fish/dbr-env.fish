# fish completion for dbr-env
complete -c dbr-env -x -a '(__fish_complete_subcommand)'
complete -c dbr-env -l name -d 'name of the variable; DB_ACTIVE_ENV_VAR by default' -x
complete -c dbr-env -l format -d 'how to print it: NAME=\'...\' for a shell or an env file, or the URL alone' -x -a 'shell dotenv url'
complete -c dbr-env -l check -d 'exit 4 when a target of the switch points elsewhere'
complete -c dbr-env -l config -d 'print these keys of the configuration, quoted for a shell' -x
complete -c dbr-env -l set -d 'write these keys into the env file, values from standard input' -x
complete -c dbr-env -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-env -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-env -l json -d 'print one JSON document'
complete -c dbr-env -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-env -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-env -l verbose -s v -d 'print more of what is done'
complete -c dbr-env -l no-color -d 'print without colours'
complete -c dbr-env -l help -s h -d 'print this help'
complete -c dbr-env -l version -s V -d 'print the version'
