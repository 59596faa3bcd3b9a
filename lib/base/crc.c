/* CRC-32 by zlib, which has the fast tables already. */
#include "base/crc.h"

#include <zlib.h>

uint32_t crc_add(uint32_t crc, const void *data, size_t len)
{
    /* zlib takes a missing buffer as the wish for the first value. */
    return len > 0 ? (uint32_t)crc32_z(crc, data, len) : crc;
}
