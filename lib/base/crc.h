/* CRC-32 as gzip, zip and PNG compute it: finds damage, not malice. */
#ifndef DBR_BASE_CRC_H
#define DBR_BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

/* The checksum of what crc stands for with data behind it; begin with 0. */
uint32_t crc_add(uint32_t crc, const void *data, size_t len);

#endif
