# fish completion for dbr-health
complete -c dbr-health -f
complete -c dbr-health -l auto -d 'fail over or back when the thresholds say so'
complete -c dbr-health -l peek -d 'probe, but record nothing'
complete -c dbr-health -l cached -d 'print the last record, probe nothing'
complete -c dbr-health -l watch -d 'repeat at each interval until stopped'
complete -c dbr-health -l doctor -d 'examine configuration, files and databases, and say what to do'
complete -c dbr-health -l history -d 'print availability, latency and switches of that time (90m, 24h, 7d; by default 24h)'
complete -c dbr-health -l metrics -d 'measure machine, application, databases and backups'
complete -c dbr-health -l nagios -d 'print one line with performance data, as monitoring plugins do'
complete -c dbr-health -l prometheus -d 'write the figures of the check for Prometheus\' textfile collector' -r -F
complete -c dbr-health -l breakers -d 'print the circuit breaker of each database'
complete -c dbr-health -l reset-breaker -d 'close a circuit breaker and forget its counts' -x -a 'primary secondary all'
complete -c dbr-health -l env-file -d 'read the configuration from FILE' -r -F
complete -c dbr-health -l state-dir -d 'keep the state in DIR' -x -a '(__fish_complete_directories)'
complete -c dbr-health -l json -d 'print one JSON document'
complete -c dbr-health -l yes -s y -d 'consent to every step that asks for it'
complete -c dbr-health -l quiet -s q -d 'print only warnings and errors'
complete -c dbr-health -l verbose -s v -d 'print more of what is done'
complete -c dbr-health -l no-color -d 'print without colours'
complete -c dbr-health -l help -s h -d 'print this help'
complete -c dbr-health -l version -s V -d 'print the version'
