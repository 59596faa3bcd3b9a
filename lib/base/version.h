/* The version of dbr, for --version, exported files and the application name of connections. Stated
 * here only. */
#ifndef DBR_BASE_VERSION_H
#define DBR_BASE_VERSION_H

#define DBR_VERSION "0.1.0"

#endif
