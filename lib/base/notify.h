/*
 * Telling systemd how the program is (sd_notify(3)): a datagram to the socket that NOTIFY_SOCKET
 * names. Without one, everything here does nothing. Failures are not reported: whoever listens has
 * its own timeouts.
 */
#ifndef DBR_BASE_NOTIFY_H
#define DBR_BASE_NOTIFY_H

#include <stdint.h>

/* Sends assignments, one a line: "READY=1\nSTATUS=healthy". */
void notify_send(const char *text);
/* How often WATCHDOG=1 is wanted at least, in milliseconds (half of what WATCHDOG_USEC allows); 0:
 * never. */
int64_t notify_watchdog_ms(void);
/* For loops that wait for something until a time of their own: tells as often as that is wanted. */
void notify_alive(void);

/* Around work that no watchdog should break off, however long it takes (a day at most): a switch.
 */
void notify_hold_watchdog(void);
void notify_release_watchdog(void);

#endif
