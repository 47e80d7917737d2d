/* Reading zlib streams (RFC 1950, RFC 1951) into a buffer of known size. */
#ifndef VOS_INFLATE_H
#define VOS_INFLATE_H

#include <stddef.h>
#include <stdint.h>

/* Bytes to be had behind a map's last: copies and comparisons go in whole chunks. */
#define MAP_SLACK 320

/* Fills out[0 .. out_size), with MAP_SLACK bytes behind it. Returns NULL, or what is wrong with the stream as a static text.
   Bytes that the stream would give beyond out_size are left unread, as libpng does. */
const char *inflate_zlib(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size);

#endif
