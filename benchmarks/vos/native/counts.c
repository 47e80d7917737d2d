/* Two label maps to counts, in one pass over the pixels and one over boundary pixels.

   The pass compares each row with itself shifted by one pixel and with the next row, sixteen
   pixels at a time. Runs between changes give areas and intersections; a pixel whose 2 x 2 window
   changes is a boundary pixel of each label in the window. Boundary pixels are kept as words of
   64 bits, and only words that have any. A pixel's partner is looked for row by row, nearest row
   first, as any bit in a window of the other map's row: no map is ever dilated. */
#include "counts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__AVX2__) && !defined(VOS_PLAIN_C) /* so that tests can build what others get */
#include <immintrin.h>
#define HAS_AVX2 1
#elif (defined(__SSE2__) || defined(_M_X64)) && !defined(VOS_PLAIN_C)
#include <emmintrin.h>
#define HAS_SSE2 1
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
static int lowest_bit(uint64_t word) {
    unsigned long at;
    _BitScanForward64(&at, word);
    return (int)at;
}
static int bits_in(uint64_t word) { return (int)__popcnt64(word); }
#else
static int lowest_bit(uint64_t word) { return __builtin_ctzll(word); }
static int bits_in(uint64_t word) { return __builtin_popcountll(word); }
#endif

#ifndef COUNT_MAPS /* counts_avx2.c compiles this file once more, under another name */
#define COUNT_MAPS count_maps
#endif

#define MOST_PAIRED_LABELS 1024

static const char TOO_MANY_LABELS[] = "it holds too many labels to compare each with each";

/* Bit i says whether label i of a and of b differ, for 64 labels. */
static inline uint64_t differing_word(const uint8_t *a, const uint8_t *b, int item) {
    uint64_t word = 0;
#if defined(HAS_AVX2)
    const __m256i *m = (const __m256i *)a, *n = (const __m256i *)b;
    for (int part = 0; part < 2; part++) {
        __m256i same;
        if (item == 1) {
            same = _mm256_cmpeq_epi8(_mm256_loadu_si256(m + part), _mm256_loadu_si256(n + part));
        } else {
            const __m256i *u = m + 2 * part, *v = n + 2 * part;
            __m256i low = _mm256_cmpeq_epi16(_mm256_loadu_si256(u), _mm256_loadu_si256(v));
            __m256i high = _mm256_cmpeq_epi16(_mm256_loadu_si256(u + 1), _mm256_loadu_si256(v + 1));
            same = _mm256_permute4x64_epi64(_mm256_packs_epi16(low, high), 0xD8);
        }
        word |= (uint64_t)~(uint32_t)_mm256_movemask_epi8(same) << (32 * part);
    }
#elif defined(HAS_SSE2)
    const __m128i *m = (const __m128i *)a, *n = (const __m128i *)b;
    for (int part = 0; part < 4; part++) {
        __m128i same;
        if (item == 1) {
            same = _mm_cmpeq_epi8(_mm_loadu_si128(m + part), _mm_loadu_si128(n + part));
        } else {
            const __m128i *u = m + 2 * part, *v = n + 2 * part;
            same = _mm_packs_epi16(_mm_cmpeq_epi16(_mm_loadu_si128(u), _mm_loadu_si128(v)),
                                   _mm_cmpeq_epi16(_mm_loadu_si128(u + 1), _mm_loadu_si128(v + 1)));
        }
        word |= (uint64_t)(uint16_t)~_mm_movemask_epi8(same) << (16 * part);
    }
#elif defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    /* Eight bytes in one word: the top bit of each label's place is set where the labels differ,
       and a product, or shifts, bring those bits together. */
    if (item == 1) {
        const uint64_t low = 0x7F7F7F7F7F7F7F7Fu;
        for (int part = 0; part < 8; part++) {
            uint64_t x = eight_bytes(a + 8 * part) ^ eight_bytes(b + 8 * part);
            uint64_t tops = (((x & low) + low) | x) & ~low;
            word |= ((tops >> 7) * 0x0102040810204080u >> 56) << (8 * part);
        }
    } else {
        const uint64_t low = 0x7FFF7FFF7FFF7FFFu;
        for (int part = 0; part < 16; part++) {
            uint64_t x = eight_bytes(a + 8 * part) ^ eight_bytes(b + 8 * part);
            uint64_t tops = ((((x & low) + low) | x) & ~low) >> 15;
            word |= ((tops | tops >> 15 | tops >> 30 | tops >> 45) & 15) << (4 * part);
        }
    }
#else
    for (size_t i = 0; i < 64; i++) {
        word |= (uint64_t)(label_at(a, i, item) != label_at(b, i, item)) << i;
    }
#endif
    return word;
}

/* The same for n labels, in rows of so many words; bits behind the n are zero. */
static void differing(const uint8_t *a, const uint8_t *b, size_t n, int item, uint64_t *out,
                      size_t row_words) {
    size_t words = (n + 63) / 64, step = 64 * (size_t)item;
    if (item == 1) { /* told apart here, so that each loop is compiled for its item */
        for (size_t k = 0; k < words; k++) out[k] = differing_word(a + k * step, b + k * step, 1);
    } else {
        for (size_t k = 0; k < words; k++) out[k] = differing_word(a + k * step, b + k * step, 2);
    }
    if (n & 63) out[words - 1] &= ((uint64_t)1 << (n & 63)) - 1;
    for (size_t k = words; k < row_words; k++) out[k] = 0; /* n may be one less than the width */
}

static void *grown(void *items, size_t *room, size_t needed, size_t size) {
    if (needed <= *room) return items;
    size_t next = *room ? *room * 2 : 64;
    while (next < needed) next *= 2;
    void *more = realloc(items, next * size);
    if (more) *room = next;
    return more;
}

/* A fresh slot, which keeps the memory that an earlier frame's entries had in its place. */
static Slot *add_slot(Scratch *s, uint32_t label) {
    Slot *slots = grown(s->slots, &s->slots_room, s->n_slots + 1, sizeof *slots);
    if (!slots) return NULL;
    s->slots = slots;
    Slot *slot = &slots[s->n_slots];
    if (s->n_slots == s->slots_made) {
        memset(slot, 0, sizeof *slot);
        s->slots_made++;
    }
    Entries kept[2] = {slot->entries[0], slot->entries[1]};
    kept[0].n = kept[1].n = 0;
    *slot = (Slot){.label = label, .entries = {kept[0], kept[1]}};
    s->n_slots++;
    return slot;
}

/* The slot of a label other than 0; 0 where there is no memory for a new one. */
static inline size_t slot_for(Scratch *s, uint32_t label) {
    size_t slot = s->slot_of[label];
    if (slot) return slot;
    if (!add_slot(s, label)) return 0;
    s->slot_of[label] = (uint16_t)(s->n_slots - 1);
    return s->n_slots - 1;
}

static inline int append(Scratch *s, int side, uint32_t label, uint64_t mask, size_t y, size_t word) {
    size_t which = slot_for(s, label);
    if (!which) return 0;
    Slot *slot = &s->slots[which];
    Entries *entries = &slot->entries[side];
    if (entries->n == entries->room) {
        Entry *items = grown(entries->items, &entries->room, entries->n + 1, sizeof *items);
        if (!items) return 0;
        entries->items = items;
    }
    entries->items[entries->n++] = (Entry){mask, (uint32_t)y, (uint32_t)word};
    slot->n[side] += bits_in(mask);
    return 1;
}

/* The labels of one word's boundary pixels, and which pixels those are. */
typedef struct {
    int n;
    uint32_t labels[2 * 65]; /* the windows of 64 pixels hold this many labels at most */
    uint64_t masks[2 * 65];
} Word;

static inline void add_pixel(Word *found, uint32_t label, uint64_t bit) {
    int i = 0;
    while (i < found->n && found->labels[i] != label) i++;
    if (i == found->n) {
        found->labels[i] = label;
        found->masks[i] = 0;
        found->n++;
    }
    found->masks[i] |= bit;
}

/* Whether 64 bytes and the one behind them hold nothing but 0 and the label; `filled` is 64 times
   the label. What stands behind the row's end may make the answer a needless no. */
static inline int has_no_other(const uint8_t *at, const uint8_t *filled) {
    static const uint8_t zeros[64] = {0};
    return !(differing_word(at, zeros, 1) & differing_word(at, filled, 1)) &&
           (!at[64] || at[64] == filled[0]);
}

/* Boundary pixels of one row, from the words that say where its windows change. */
static inline int find_boundary(Scratch *s, const Map *map, int item, int side, size_t y,
                                const uint64_t *changes) {
    const uint8_t *row = map->pixels + y * map->stride;
    const uint8_t *below = y + 1 < map->height ? row + map->stride : row;
    size_t last = map->width - 1;
    Word found;
    for (size_t word = 0; word <= last / 64; word++) {
        found.n = 0;
        if (item == 1 && bits_in(changes[word]) > 3) {
            /* Along an outline: where there is only one label, all changes are its boundary. */
            const uint8_t *at = row + word * 64, *under = below + word * 64;
            size_t x = (size_t)lowest_bit(changes[word]), right = x + (word * 64 + x < last);
            uint8_t filled[64], label = at[x] | at[right] | under[x] | under[right];
            memset(filled, label, sizeof filled);
            if (has_no_other(at, filled) && has_no_other(under, filled)) {
                if (!append(s, side, label, changes[word], y, word)) return 0;
                continue;
            }
        }
        for (uint64_t left = changes[word]; left; left &= left - 1) {
            uint64_t bit = left & (0 - left);
            size_t x = word * 64 + (size_t)lowest_bit(left), right = x + (x < last);
            uint32_t a = label_at(row, x, item), b = label_at(row, right, item);
            uint32_t c = label_at(below, x, item), d = label_at(below, right, item);
            uint32_t all = a | b | c | d;
            if ((!a || a == all) & (!b || b == all) & (!c || c == all) & (!d || d == all)) {
                add_pixel(&found, all, bit); /* one label and background: the common case */
                continue;
            }
            if (a) add_pixel(&found, a, bit);
            if (b) add_pixel(&found, b, bit);
            if (c) add_pixel(&found, c, bit);
            if (d) add_pixel(&found, d, bit);
        }
        for (int i = 0; i < found.n; i++) {
            if (!append(s, side, found.labels[i], found.masks[i], y, word)) return 0;
        }
    }
    return 1;
}

/* Areas and intersections of one row; ends: bit x says that a run of either map ends at x. */
static int add_runs(Scratch *s, const Map *gt, const Map *pred, size_t y, const uint64_t *ends,
                    int64_t *matrix) {
    const uint8_t *g = gt->pixels + y * gt->stride, *p = pred->pixels + y * pred->stride;
    size_t width = gt->width, words = (width + 63) / 64, start = 0;
    for (size_t word = 0; word < words; word++) {
        uint64_t left = ends[word];
        for (;;) {
            size_t end;
            if (left) {
                end = word * 64 + (size_t)lowest_bit(left) + 1;
                left &= left - 1;
            } else if (word + 1 < words || start == width) {
                break;
            } else {
                end = width;
            }
            uint32_t label_g = label_at(g, start, gt->item), label_p = label_at(p, start, pred->item);
            int64_t length = (int64_t)(end - start);
            start = end;
            if (!(label_g | label_p)) continue;
            size_t slot_g = label_g ? slot_for(s, label_g) : 0;
            size_t slot_p = label_p ? slot_for(s, label_p) : 0;
            if ((label_g && !slot_g) || (label_p && !slot_p)) return 0;
            if (label_g) s->slots[slot_g].area[0] += length;
            if (label_p) s->slots[slot_p].area[1] += length;
            if (label_g == label_p) s->slots[slot_g].inter += length;
            if (matrix && slot_g <= MOST_PAIRED_LABELS && slot_p <= MOST_PAIRED_LABELS) {
                matrix[slot_g * (MOST_PAIRED_LABELS + 1) + slot_p] += length;
            }
        }
    }
    return 1;
}

static int scan(Scratch *s, const Map *gt, const Map *pred, int64_t *matrix) {
    const Map *maps[2] = {gt, pred};
    size_t height = gt->height, width = gt->width, words = (width + 63) / 64;
    uint64_t *bits = (uint64_t *)reserve(&s->bits, 6 * words * sizeof *bits);
    if (!bits) return 0;
    uint64_t *across[2] = {bits, bits + words}, *next[2] = {bits + 2 * words, bits + 3 * words};
    uint64_t *down = bits + 4 * words, *ends = bits + 5 * words;
    for (int side = 0; side < 2; side++) {
        const Map *m = maps[side];
        differing(m->pixels, m->pixels + m->item, width - 1, m->item, across[side], words);
    }
    for (size_t y = 0; y < height; y++) {
        for (size_t k = 0; k < words; k++) ends[k] = across[0][k] | across[1][k];
        if (!add_runs(s, gt, pred, y, ends, matrix)) return 0;
        for (int side = 0; side < 2; side++) {
            const Map *m = maps[side];
            uint64_t *changes = across[side], any = 0;
            if (y + 1 < height) {
                const uint8_t *row = m->pixels + y * m->stride, *below = row + m->stride;
                differing(below, below + m->item, width - 1, m->item, next[side], words);
                differing(row, below, width, m->item, down, words);
                for (size_t k = 0; k < words; k++) changes[k] |= next[side][k] | down[k];
            }
            for (size_t k = 0; k < words; k++) any |= changes[k];
            if (any && !(m->item == 1 ? find_boundary(s, m, 1, side, y, changes)
                                      : find_boundary(s, m, 2, side, y, changes))) {
                return 0;
            }
            across[side] = next[side];
            next[side] = changes;
        }
    }
    return 1;
}

/* True where the row has a bit in [x - half, x + half]. Bit x of a row is bit x & 63 of its word
   x / 64 + 1; one more word stands after the last. Bits outside the picture are never set. */
static inline int has_near(const uint64_t *row, size_t x, size_t half, size_t words) {
    if (half < 32) {
        size_t start = x + 64 - half, shift = start & 63;
        const uint64_t *at = row + start / 64;
        uint64_t window = at[0] >> shift | (at[1] << 1) << (63 - shift);
        return (window & (((uint64_t)2 << 2 * half) - 1)) != 0;
    }
    size_t from = x > half ? x - half : 0, to = x + half; /* both inclusive */
    if (to > words * 64 - 1) to = words * 64 - 1;
    uint64_t head = ~(uint64_t)0 << (from & 63), tail = ~(uint64_t)0 >> (63 - (to & 63));
    const uint64_t *at = row + from / 64 + 1, *last = row + to / 64 + 1;
    if (at == last) return (*at & head & tail) != 0;
    if (*at & head) return 1;
    while (++at < last) {
        if (*at) return 1;
    }
    return (*last & tail) != 0;
}

/* The bits of a word that have a bit of the row within half a width (less than 64) to a side. */
static inline uint64_t spread(const uint64_t *row, size_t word, size_t half) {
    uint64_t before = row[word], here = row[word + 1], after = row[word + 2], up = here, down = here;
    if (!(before | here | after)) return 0;
    /* Each step doubles what is covered. */
    for (size_t covered = 0, step; covered < half; covered += step) {
        step = covered + 1 < half - covered ? covered + 1 : half - covered;
        up |= up << step | before >> (64 - step);
        before |= before << step;
        down |= down >> step | after << (64 - step);
        after |= after >> step;
    }
    return up | down;
}

static int64_t matched(const Entries *entries, const uint64_t *plane, size_t height, size_t words,
                       const uint32_t *half, size_t radius) {
    enum { MANY = 8 }; /* from so many pixels on, a word is quicker than they are one by one */
    int64_t found = 0;
    size_t row_words = words + 2;
    for (size_t i = 0; i < entries->n; i++) {
        Entry entry = entries->items[i];
        const uint64_t *row = plane + entry.y * row_words;
        uint64_t left = entry.mask & ~row[entry.word + 1];
        size_t above = entry.y < radius ? entry.y : radius;
        size_t below = height - 1 - entry.y < radius ? height - 1 - entry.y : radius;
        found += bits_in(entry.mask ^ left);
        if (bits_in(left) >= MANY && radius < 64) {
            uint64_t all = left;
            left &= ~spread(row, entry.word, radius);
            for (size_t d = 1; left && d <= radius; d++) {
                if (d <= above) left &= ~spread(row - d * row_words, entry.word, half[d]);
                if (d <= below) left &= ~spread(row + d * row_words, entry.word, half[d]);
            }
            found += bits_in(all ^ left);
            continue;
        }
        for (; left; left &= left - 1) {
            size_t x = entry.word * (size_t)64 + (size_t)lowest_bit(left);
            int is_found = has_near(row, x, radius, words);
            for (size_t d = 1; !is_found && d <= radius; d++) {
                is_found = (d <= above && has_near(row - d * row_words, x, half[d], words)) ||
                           (d <= below && has_near(row + d * row_words, x, half[d], words));
            }
            found += is_found;
        }
    }
    return found;
}

static void draw(const Entries *entries, uint64_t *plane, size_t words, int is_set) {
    for (size_t i = 0; i < entries->n; i++) {
        Entry entry = entries->items[i];
        uint64_t *at = plane + entry.y * (words + 2) + entry.word + 1;
        *at = is_set ? *at | entry.mask : 0;
    }
}

static int has_planes(Scratch *s, size_t size) {
    if (size <= s->plane_words) return 1;
    for (int side = 0; side < 2; side++) {
        free(s->planes[side]);
        s->planes[side] = calloc(size, sizeof(uint64_t));
    }
    s->plane_words = s->planes[0] && s->planes[1] ? size : 0;
    return s->plane_words != 0;
}

static uint32_t *half_widths(Scratch *s, size_t height, size_t width, size_t *radius) {
    double h = (double)height, w = (double)width;
    size_t r = (size_t)ceil(0.008 * sqrt(h * h + w * w));
    uint32_t *half = (uint32_t *)reserve(&s->halves, (r + 1) * sizeof *half);
    *radius = r;
    if (!half) return NULL;
    for (size_t d = 0, at = r; d <= r; d++) {
        while (at * at + d * d > r * r) at--;
        half[d] = (uint32_t)at;
    }
    return half;
}

static int add_counts(Scratch *s, const Map *map, Slot *g, Slot *p, int64_t inter,
                      const uint32_t *half, size_t radius) {
    size_t height = map->height, words = (map->width + 63) / 64;
    Counts *counts = grown(s->counts, &s->counts_room, s->n_counts + 1, sizeof *counts);
    if (!counts) return 0;
    s->counts = counts;
    int64_t found[2] = {0, 0};
    if (g->n[0] && p->n[1]) {
        const Entries *of_g = &g->entries[0], *of_p = &p->entries[1];
        draw(of_g, s->planes[0], words, 1);
        draw(of_p, s->planes[1], words, 1);
        found[0] = matched(of_g, s->planes[1], height, words, half, radius);
        found[1] = matched(of_p, s->planes[0], height, words, half, radius);
        draw(of_g, s->planes[0], words, 0);
        draw(of_p, s->planes[1], words, 0);
    }
    counts[s->n_counts++] = (Counts){g->label, p->label, inter,   g->area[0], p->area[1],
                                     g->n[0],  p->n[1],  found[0], found[1]};
    return 1;
}

/* With a matrix, each label of one map is compared with each of the other and with nothing, too,
   so that a label without any partner is counted. Slot 0 is nothing. */
static int add_all(Scratch *s, const Map *map, const int64_t *matrix, const uint32_t *half,
                   size_t radius) {
    for (size_t i = 0; i < s->n_slots; i++) {
        Slot *slot = &s->slots[i];
        if (!matrix) {
            if (i && !add_counts(s, map, slot, slot, slot->inter, half, radius)) return 0;
            continue;
        }
        if (i && !slot->area[0]) continue;
        for (size_t j = i ? 0 : 1; j < s->n_slots; j++) {
            if (j && !s->slots[j].area[1]) continue;
            int64_t inter = i && j ? matrix[i * (MOST_PAIRED_LABELS + 1) + j] : 0;
            if (!add_counts(s, map, slot, &s->slots[j], inter, half, radius)) return 0;
        }
    }
    return 1;
}

const char *COUNT_MAPS(const Map *gt, const Map *pred, int every_pair, Scratch *s) {
    size_t radius, words = (gt->width + 63) / 64;
    if (!s->slot_of) s->slot_of = calloc(1 << 16, sizeof *s->slot_of);
    uint32_t *half = half_widths(s, gt->height, gt->width, &radius);
    s->n_slots = 0;
    if (!add_slot(s, 0) || !s->slot_of || !half || !has_planes(s, gt->height * (words + 2))) return PNG_NO_MEMORY;
    int64_t *matrix = NULL;
    if (every_pair) {
        size_t side = MOST_PAIRED_LABELS + 1, size = side * side * sizeof *matrix;
        matrix = (int64_t *)reserve(&s->matrix, size);
        if (!matrix) return PNG_NO_MEMORY;
        memset(matrix, 0, size);
    }
    s->n_counts = 0;
    int is_done = scan(s, gt, pred, matrix);
    const char *fault = NULL;
    if (every_pair && s->n_slots > MOST_PAIRED_LABELS + 1) {
        fault = TOO_MANY_LABELS;
    } else {
        is_done = is_done && add_all(s, gt, matrix, half, radius);
    }
    for (size_t slot = 1; slot < s->n_slots; slot++) s->slot_of[s->slots[slot].label] = 0;
    return fault ? fault : is_done ? NULL : PNG_NO_MEMORY;
}
