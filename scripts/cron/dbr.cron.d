# dbr from cron: for /etc/cron.d/dbr. The sixth field is the user that the state directory belongs to. What runs well prints
# nothing; trouble is kept in cron.log (share/dbr/logrotate rotates it), and DB_ON_EVENT is who tells you of it. For mail from cron
# instead, leave out what follows ">>".
17 * * * *  dbr  /usr/local/bin/dbr-sync --quiet --wait=600 --env-file=/etc/dbr/dbr.env >>/var/lib/dbr/cron.log 2>&1
40 3 * * 0  dbr  /usr/local/bin/dbr-sync --quiet --verify --wait=600 --env-file=/etc/dbr/dbr.env >>/var/lib/dbr/cron.log 2>&1
20 2 * * *  dbr  /usr/local/bin/dbr-backup full --quiet --env-file=/etc/dbr/dbr.env >>/var/lib/dbr/cron.log 2>&1
* * * * *  dbr  /usr/local/bin/dbr-health --auto --quiet --env-file=/etc/dbr/dbr.env >>/var/lib/dbr/cron.log 2>&1
