/* Label maps, and reading them from PNG files. */
#ifndef VOS_PNG_H
#define VOS_PNG_H

#include <string.h>

#include "inflate.h"

/* A map larger than this is refused: a header of a few bytes must not claim the memory. */
#define MOST_PIXELS ((size_t)1 << 28)

typedef struct {
    uint8_t *data;
    size_t size;
} Buffer;

/* Grows the buffer, dropping what it held; NULL where there is no memory. */
uint8_t *reserve(Buffer *buffer, size_t size);

/* Labels, row by row; 16-bit ones in the machine's byte order and at any address. */
typedef struct {
    uint8_t *pixels;
    size_t height, width, stride; /* the stride in bytes */
    int item;                     /* bytes a label: 1 or 2 */
} Map;

static inline uint64_t eight_bytes(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

/* What one map is decoded with; kept from call to call, so that no page is faulted in twice. */
typedef struct {
    Buffer packed, rows, expanded, zeros;
} PngScratch;

extern const char PNG_UNUSUAL[];   /* a PNG with colours, alpha or interlacing */
extern const char PNG_NO_MEMORY[];

void prepare_png(void); /* once, before anything is read */

/* Reads a palette or grey PNG of 1, 2, 4, 8 or 16 bits: indices and samples as they are stored.
   Returns NULL, or what is wrong as a static text. The map lives in the scratch. */
const char *read_png(const uint8_t *data, size_t size, PngScratch *scratch, Map *map);

#endif
