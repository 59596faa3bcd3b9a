# fish completion for dbr-setup
complete -c dbr-setup -f
complete -c dbr-setup -l primary-from -d 'read the URL of the primary from FILE, - for standard input' -r -F
complete -c dbr-setup -l secondary-from -d 'read the URL of the secondary from FILE, - for standard input' -r -F
complete -c dbr-setup -l direct-from -d 'read the URL that dbr itself uses for the primary from FILE' -r -F
complete -c dbr-setup -l no-init -d 'do not run dbr-init-secondary'
complete -c dbr-setup -l cron -d 'install the schedule in the crontab'
complete -c dbr-setup -l logrotate -d 'with --cron, as root: rotate its log by logrotate'
complete -c dbr-setup -l systemd -d 'install the schedule as timers of systemd'
complete -c dbr-setup -l user -d 'with --systemd: those of your user, not of the system'
complete -c dbr-setup -l watch -d 'with --systemd: a service instead of a check every minute'
complete -c dbr-setup -l name -d 'with --systemd: the name of this pair in the units' -x
complete -c dbr-setup -l run-as -d 'as root: the user that the state and the schedule belong to' -x
complete -c dbr-setup -l uninstall -d 'remove the schedule; configuration and state stay'
complete -c dbr-setup -l print -d 'print the schedule, and do nothing else'
complete -c dbr-setup -l dry-run -s n -d 'check everything, say what would be done, change nothing'
complete -c dbr-setup -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-setup -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-setup -l json -d 'print one JSON document'
complete -c dbr-setup -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-setup -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-setup -l verbose -s v -d 'print more of what is done'
complete -c dbr-setup -l no-color -d 'print without colours'
complete -c dbr-setup -l help -s h -d 'print this help'
complete -c dbr-setup -l version -s V -d 'print the version'
