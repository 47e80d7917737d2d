/* PNG (ISO/IEC 15948) as far as label maps need it. Checksums of the chunks that are read are
   checked; the zlib stream's own is not, since the chunks' cover the same bytes. */
#include "png.h"

#include <stdlib.h>
#include <string.h>

#include "inflate.h"

const char PNG_UNUSUAL[] = "a PNG with colours, alpha or interlacing";
const char PNG_NO_MEMORY[] = "it needs more memory than there is";

static uint32_t crc_table[8][256];

void prepare_png(void) {
    for (uint32_t n = 0; n < 256; n++) {
        uint32_t c = n;
        for (int k = 0; k < 8; k++) c = c & 1 ? 0xEDB88320u ^ (c >> 1) : c >> 1;
        crc_table[0][n] = c;
    }
    for (int t = 1; t < 8; t++) {
        for (int n = 0; n < 256; n++) {
            uint32_t before = crc_table[t - 1][n];
            crc_table[t][n] = crc_table[0][before & 255] ^ (before >> 8);
        }
    }
}

static uint32_t crc32_of(const uint8_t *data, size_t size) {
    uint32_t c = 0xFFFFFFFFu;
    for (; size >= 8; data += 8, size -= 8) {
        c ^= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
        c = crc_table[7][c & 255] ^ crc_table[6][c >> 8 & 255] ^ crc_table[5][c >> 16 & 255] ^
            crc_table[4][c >> 24] ^ crc_table[3][data[4]] ^ crc_table[2][data[5]] ^
            crc_table[1][data[6]] ^ crc_table[0][data[7]];
    }
    while (size--) c = crc_table[0][(c ^ *data++) & 255] ^ (c >> 8);
    return c ^ 0xFFFFFFFFu;
}

uint8_t *reserve(Buffer *buffer, size_t size) {
    if (buffer->size >= size && buffer->data) return buffer->data;
    free(buffer->data);
    buffer->data = malloc(size ? size : 1);
    buffer->size = buffer->data ? size : 0;
    return buffer->data;
}

static uint32_t big32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

typedef struct {
    size_t width, height;
    int depth, colour, interlace;
    const uint8_t *packed; /* the zlib stream */
    size_t packed_size;
} Parts;

static int is_type(const uint8_t *at, const char *type) { return !memcmp(at, type, 4); }

/* Finds header and data. Several IDAT chunks are joined in scratch; one is used where it lies. */
static const char *find_parts(const uint8_t *data, size_t size, PngScratch *scratch, Parts *parts) {
    if (size < 8 || memcmp(data, "\x89PNG\r\n\x1a\n", 8)) return "it is no PNG file";
    int has_header = 0, has_end = 0, chunks = 0;
    parts->packed = NULL;
    parts->packed_size = 0;
    for (size_t at = 8; !has_end;) {
        if (size - at < 12) return "the file ends too early";
        size_t length = big32(data + at);
        const uint8_t *type = data + at + 4, *body = data + at + 8;
        if (length > size - at - 12) return "the file ends too early";
        if (!(type[0] & 32)) { /* a critical chunk */
            if (crc32_of(type, length + 4) != big32(body + length)) return "a checksum is wrong";
        }
        if (is_type(type, "IHDR")) {
            if (has_header || length != 13) return "its header is broken";
            has_header = 1;
            parts->width = big32(body);
            parts->height = big32(body + 4);
            parts->depth = body[8];
            parts->colour = body[9];
            parts->interlace = body[12];
            if (body[10] || body[11]) return "it is packed in an unknown way";
        } else if (!has_header) {
            return "its header is missing";
        } else if (is_type(type, "IDAT")) {
            if (!chunks++) {
                parts->packed = body;
                parts->packed_size = length;
            } else {
                if (chunks == 2) {
                    uint8_t *joined = reserve(&scratch->packed, size);
                    if (!joined) return PNG_NO_MEMORY;
                    memcpy(joined, parts->packed, parts->packed_size);
                    parts->packed = joined;
                }
                memcpy(scratch->packed.data + parts->packed_size, body, length);
                parts->packed_size += length;
            }
        } else if (is_type(type, "IEND")) {
            has_end = 1;
        } else if (!(type[0] & 32) && !is_type(type, "PLTE")) {
            return "it has an unknown critical chunk";
        }
        at += length + 12;
    }
    return chunks ? NULL : "it has no image data";
}

static const uint64_t ONES = 0x0101010101010101u;

static uint8_t paeth(int left, int up, int corner) {
    int to_left = abs(up - corner), to_up = abs(left - corner), to_corner = abs(left + up - 2 * corner);
    if (to_left <= to_up && to_left <= to_corner) return (uint8_t)left;
    return (uint8_t)(to_up <= to_corner ? up : corner);
}

/* Undoes filter 1, 3 or 4 (sub, average, Paeth) where a label has one byte. In a label map nearly
   every eight deltas are zero; where the neighbours agree as well, so do the eight labels. */
static void unfilter_bytes(int filter, uint8_t *row, const uint8_t *above, size_t size) {
    uint8_t left = 0, corner = 0;
    size_t x = 0;
    while (x < size) {
        if (size - x >= 8 && !eight_bytes(row + x)) {
            uint64_t same = left * ONES;
            if (filter == 1 || (eight_bytes(above + x) == same && (filter == 3 || corner == left))) {
                memcpy(row + x, &same, 8);
                x += 8;
                corner = above[x - 1];
                continue;
            }
        }
        for (size_t end = size - x < 8 ? size : x + 8; x < end; x++) {
            uint8_t up = above[x];
            int guess = filter == 1 ? left : filter == 3 ? (left + up) >> 1 : paeth(left, up, corner);
            row[x] = left = (uint8_t)(row[x] + guess);
            corner = up;
        }
    }
}

static void unfilter_pairs(int filter, uint8_t *row, const uint8_t *above, size_t size) {
    for (size_t x = 0; x < size; x++) {
        int left = x < 2 ? 0 : row[x - 2], corner = x < 2 ? 0 : above[x - 2], up = above[x];
        int guess = filter == 1 ? left : filter == 3 ? (left + up) >> 1 : paeth(left, up, corner);
        row[x] = (uint8_t)(row[x] + guess);
    }
}

static const char *unfilter(uint8_t *rows, size_t height, size_t row_size, int item, PngScratch *scratch) {
    const uint8_t *above = NULL;
    for (size_t y = 0; y < height; y++) {
        uint8_t filter = rows[0], *row = rows + 1;
        if (filter > 4) return "a row has an unknown filter";
        if (filter && !above) {
            uint8_t *zeros = reserve(&scratch->zeros, row_size);
            if (!zeros) return PNG_NO_MEMORY;
            above = memset(zeros, 0, row_size);
        }
        if (filter == 2) {
            for (size_t x = 0; x < row_size; x++) row[x] = (uint8_t)(row[x] + above[x]);
        } else if (filter && item == 1) {
            unfilter_bytes(filter, row, above, row_size);
        } else if (filter) {
            unfilter_pairs(filter, row, above, row_size);
        }
        above = row;
        rows += row_size + 1;
    }
    return NULL;
}

static void expand(const uint8_t *rows, size_t row_size, int depth, Map *map) {
    int per_byte = 8 / depth, mask = (1 << depth) - 1;
    for (size_t y = 0; y < map->height; y++, rows += row_size + 1) {
        uint8_t *to = map->pixels + y * map->stride;
        for (size_t x = 0; x < map->width; x++) {
            int shift = 8 - depth * (int)(x % (size_t)per_byte + 1);
            to[x] = (uint8_t)(rows[1 + x / (size_t)per_byte] >> shift & mask);
        }
    }
}

static void to_native(Map *map) {
    for (size_t y = 0; y < map->height; y++) {
        uint8_t *at = map->pixels + y * map->stride;
        for (size_t x = 0; x < map->width; x++, at += 2) {
            uint16_t value = (uint16_t)(at[0] << 8 | at[1]);
            memcpy(at, &value, 2);
        }
    }
}

const char *read_png(const uint8_t *data, size_t size, PngScratch *scratch, Map *map) {
    Parts parts = {0};
    const char *fault = find_parts(data, size, scratch, &parts);
    if (fault) return fault;
    int depth = parts.depth;
    if (!parts.width || !parts.height) return "it has no pixels";
    if (parts.width > MOST_PIXELS || parts.height > MOST_PIXELS / parts.width) return "it is too large";
    if ((parts.colour != 0 && parts.colour != 3) || parts.interlace) return PNG_UNUSUAL;
    if (!(depth == 1 || depth == 2 || depth == 4 || depth == 8 || (depth == 16 && parts.colour == 0))) {
        return "its header is broken";
    }
    size_t row_size = (parts.width * (size_t)depth + 7) / 8, raw_size = parts.height * (row_size + 1);
    uint8_t *rows = reserve(&scratch->rows, raw_size + MAP_SLACK);
    if (!rows) return PNG_NO_MEMORY;
    fault = inflate_zlib(parts.packed, parts.packed_size, rows, raw_size);
    if (!fault) fault = unfilter(rows, parts.height, row_size, depth == 16 ? 2 : 1, scratch);
    if (fault) return fault;
    *map = (Map){rows + 1, parts.height, parts.width, row_size + 1, depth == 16 ? 2 : 1};
    if (depth == 16) to_native(map);
    if (depth < 8) {
        uint8_t *expanded = reserve(&scratch->expanded, parts.height * parts.width + MAP_SLACK);
        if (!expanded) return PNG_NO_MEMORY;
        map->pixels = expanded;
        map->stride = parts.width;
        expand(rows, row_size, depth, map);
    }
    return NULL;
}
