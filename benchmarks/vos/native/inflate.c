/* An inflate for label maps: their streams are nearly all long matches, so a match is a memset or
   a chunked copy, and a code longer than the table's index, which is rare, is read bit by bit. */
#include "inflate.h"

#include <string.h>

enum {
    TABLE_BITS = 10,
    LONGEST_CODE = 15,
    LITERALS = 288,
    DISTANCES = 32,
    END_OF_BLOCK = 256,
};

typedef struct {
    const uint8_t *next, *end;
    uint64_t bits;  /* the next bit of the stream is bit 0 */
    unsigned count; /* valid bits in `bits`; above them are zeros or bits read early */
    unsigned lacking; /* zero bytes given after the stream's end */
} Reader;

typedef struct {
    uint16_t table[1 << TABLE_BITS]; /* symbol << 4 | length; 0: a longer code, or none */
    uint16_t of_length[LONGEST_CODE + 1];
    uint16_t symbols[LITERALS]; /* in the order of their codes */
} Code;

static const uint16_t LENGTH_BASE[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t LENGTH_EXTRA[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                         2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t DISTANCE_BASE[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,
                                           33,  49,  65,  97,  129, 193,  257,  385,  513,  769,
                                           1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t DISTANCE_EXTRA[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                           6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

static uint64_t load64(const uint8_t *at) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) value |= (uint64_t)at[i] << (8 * i); /* one load where it can be */
    return value;
}

/* Makes at least 56 bits available; past the end they are zeros, and counted. */
static inline void refill(Reader *r) {
    if (r->end - r->next >= 8) {
        r->bits |= load64(r->next) << r->count;
        r->next += (63 - r->count) >> 3;
        r->count |= 56;
        return;
    }
    while (r->count <= 56) {
        if (r->next < r->end) {
            r->bits |= (uint64_t)*r->next++ << r->count;
        } else {
            r->lacking++;
        }
        r->count += 8;
    }
}

static inline unsigned take(Reader *r, unsigned n) {
    unsigned value = (unsigned)(r->bits & (((uint64_t)1 << n) - 1));
    r->bits >>= n;
    r->count -= n;
    return value;
}

/* True once bits were taken that the stream does not have. */
static inline int is_past_end(const Reader *r) { return r->lacking * 8 > r->count; }

static unsigned reversed(unsigned code, unsigned length) {
    unsigned out = 0;
    for (unsigned i = 0; i < length; i++) out |= ((code >> i) & 1) << (length - 1 - i);
    return out;
}

/* Returns 0 when the lengths over-subscribe the code, or leave it incomplete where that is not
   allowed: an incomplete code may have one symbol of one bit at most. */
static int build(Code *code, const uint8_t *lengths, unsigned n) {
    uint16_t first[LONGEST_CODE + 2] = {0}, next[LONGEST_CODE + 1];
    memset(code->of_length, 0, sizeof code->of_length);
    memset(code->table, 0, sizeof code->table);
    for (unsigned s = 0; s < n; s++) code->of_length[lengths[s]]++;
    unsigned used = n - code->of_length[0];
    code->of_length[0] = 0;
    int left = 1;
    for (unsigned len = 1; len <= LONGEST_CODE; len++) {
        left = (left << 1) - code->of_length[len];
        if (left < 0) return 0;
    }
    if (left > 0 && !(used == 0 || (used == 1 && code->of_length[1] == 1))) return 0;
    uint16_t offset[LONGEST_CODE + 2] = {0};
    for (unsigned len = 1; len <= LONGEST_CODE; len++) {
        first[len + 1] = (uint16_t)((first[len] + code->of_length[len]) << 1);
        offset[len + 1] = (uint16_t)(offset[len] + code->of_length[len]);
        next[len] = first[len];
    }
    for (unsigned s = 0; s < n; s++) {
        unsigned len = lengths[s];
        if (!len) continue;
        code->symbols[offset[len]++] = (uint16_t)s;
        unsigned value = next[len]++;
        if (len > TABLE_BITS) continue;
        uint16_t entry = (uint16_t)(s << 4 | len);
        for (unsigned i = reversed(value, len); i < 1u << TABLE_BITS; i += 1u << len) {
            code->table[i] = entry;
        }
    }
    return 1;
}

/* The next symbol, or -1 where the bits are no code. */
static inline int decode(Reader *r, const Code *code) {
    unsigned entry = code->table[r->bits & ((1 << TABLE_BITS) - 1)];
    if (entry) {
        r->bits >>= entry & 15;
        r->count -= entry & 15;
        return (int)(entry >> 4);
    }
    int value = 0, first = 0, index = 0;
    for (unsigned len = 1; len <= LONGEST_CODE; len++) {
        value |= (int)(r->bits >> (len - 1)) & 1;
        int n = code->of_length[len];
        if (value - n < first) {
            take(r, len);
            return code->symbols[index + (value - first)];
        }
        index += n;
        first = (first + n) << 1;
        value <<= 1;
    }
    return -1;
}

static const char *read_codes(Reader *r, Code *literals, Code *distances) {
    static const uint8_t ORDER[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t lengths[LITERALS + DISTANCES] = {0};
    refill(r);
    unsigned n_literals = take(r, 5) + 257, n_distances = take(r, 5) + 1, n_lengths = take(r, 4) + 4;
    if (n_literals > 286 || n_distances > 30) return "a block has too many symbols";
    for (unsigned i = 0; i < n_lengths; i++) {
        refill(r);
        lengths[ORDER[i]] = (uint8_t)take(r, 3);
    }
    if (!build(literals, lengths, 19)) return "a block's code lengths are no code";
    memset(lengths, 0, sizeof lengths);
    for (unsigned i = 0; i < n_literals + n_distances;) {
        refill(r);
        int symbol = decode(r, literals);
        if (symbol < 0) return "a block's code lengths are no code";
        unsigned repeat = 1, value = (unsigned)symbol;
        if (symbol == 16) {
            if (i == 0) return "a block repeats a length before the first";
            value = lengths[i - 1];
            repeat = 3 + take(r, 2);
        } else if (symbol > 16) {
            value = 0;
            repeat = symbol == 17 ? 3 + take(r, 3) : 11 + take(r, 7);
        }
        if (i + repeat > n_literals + n_distances) return "a block has too many code lengths";
        while (repeat--) lengths[i++] = (uint8_t)value;
    }
    if (is_past_end(r)) return "the data end too early";
    if (!lengths[END_OF_BLOCK]) return "a block has no end";
    /* Distances first: their lengths stand behind those that building literals reads. */
    if (!build(distances, lengths + n_literals, n_distances)) return "a block's distances are no code";
    if (!build(literals, lengths, n_literals)) return "a block's symbols are no code";
    return NULL;
}

static void fixed_codes(Code *literals, Code *distances) {
    uint8_t lengths[LITERALS];
    for (unsigned s = 0; s < LITERALS; s++) lengths[s] = s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8;
    build(literals, lengths, LITERALS);
    memset(lengths, 5, DISTANCES);
    build(distances, lengths, DISTANCES);
}

/* Copies within the output; may write up to 31 bytes beyond. */
static inline void copy_match(uint8_t *to, size_t distance, size_t length) {
    const uint8_t *from = to - distance;
    if (distance == 1) {
        memset(to, *from, length);
    } else if (distance >= 32) {
        for (size_t i = 0; i < length; i += 32) memcpy(to + i, from + i, 32);
    } else if (distance >= 8) {
        for (size_t i = 0; i < length; i += 8) memcpy(to + i, from + i, 8);
    } else {
        for (size_t i = 0; i < length; i++) to[i] = from[i];
    }
}

static const char *inflate_block(Reader *r, const Code *literals, const Code *distances, uint8_t *out,
                                 size_t *at, size_t out_size) {
    size_t position = *at;
    while (position < out_size) {
        refill(r);
        int symbol = decode(r, literals);
        if (symbol >= 0 && symbol < END_OF_BLOCK) {
            out[position++] = (uint8_t)symbol;
            if (is_past_end(r)) return "the data end too early";
            continue;
        }
        if (symbol == END_OF_BLOCK) {
            *at = position;
            return is_past_end(r) ? "the data end too early" : NULL;
        }
        symbol -= END_OF_BLOCK + 1;
        if (symbol < 0 || symbol >= 29) return "a symbol is no code";
        size_t length = LENGTH_BASE[symbol] + take(r, LENGTH_EXTRA[symbol]);
        int which = decode(r, distances);
        if (which < 0 || which >= 30) return "a distance is no code";
        size_t distance = DISTANCE_BASE[which] + take(r, DISTANCE_EXTRA[which]);
        if (is_past_end(r)) return "the data end too early";
        if (distance > position) return "a match reaches before the beginning";
        if (length > out_size - position) length = out_size - position;
        copy_match(out + position, distance, length);
        position += length;
    }
    *at = position;
    return NULL;
}

static const char *stored_block(Reader *r, uint8_t *out, size_t *at, size_t out_size) {
    take(r, r->count & 7);
    refill(r);
    unsigned length = take(r, 16), check = take(r, 16);
    if (is_past_end(r)) return "the data end too early";
    if ((length ^ check) != 0xFFFF) return "a stored block's length is wrong";
    /* Whole bytes that were read early are given back. */
    unsigned early = r->count / 8 - r->lacking;
    r->next -= early;
    r->bits = 0;
    r->count = r->lacking = 0;
    if ((size_t)(r->end - r->next) < length) return "the data end too early";
    size_t wanted = length < out_size - *at ? length : out_size - *at;
    memcpy(out + *at, r->next, wanted);
    r->next += length;
    *at += wanted;
    return NULL;
}

const char *inflate_zlib(const uint8_t *in, size_t in_size, uint8_t *out, size_t out_size) {
    if (in_size < 2) return "the data end too early";
    if ((in[0] & 15) != 8 || in[0] >> 4 > 7 || (in[0] << 8 | in[1]) % 31) return "no zlib stream";
    if (in[1] & 32) return "the zlib stream needs a dictionary";
    Reader r = {in + 2, in + in_size, 0, 0, 0};
    Code literals, distances;
    size_t at = 0;
    for (int is_last = 0; !is_last && at < out_size;) {
        const char *fault;
        refill(&r);
        is_last = (int)take(&r, 1);
        switch (take(&r, 2)) {
        case 0: fault = stored_block(&r, out, &at, out_size); break;
        case 1:
            fixed_codes(&literals, &distances);
            fault = inflate_block(&r, &literals, &distances, out, &at, out_size);
            break;
        case 2:
            fault = read_codes(&r, &literals, &distances);
            if (!fault) fault = inflate_block(&r, &literals, &distances, out, &at, out_size);
            break;
        default: fault = "a block is of no known kind";
        }
        if (fault) return fault;
    }
    return at < out_size ? "the data end too early" : NULL;
}
