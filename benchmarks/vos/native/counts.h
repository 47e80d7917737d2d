/* The seven counts that J and F of every object in a frame are made of. */
#ifndef VOS_COUNTS_H
#define VOS_COUNTS_H

#include "png.h"

typedef struct {
    uint32_t gt, pred; /* the labels that were compared */
    int64_t inter, area_gt, area_pred, n_gt, n_pred, matched_gt, matched_pred;
} Counts;

typedef struct {
    uint64_t mask; /* which of the word's 64 pixels are boundary */
    uint32_t y, word;
} Entry;

/* One map's boundary pixels of one label, in the order of rows. */
typedef struct {
    Entry *items;
    size_t n, room;
} Entries;

typedef struct {
    uint32_t label;
    int64_t area[2], inter, n[2]; /* side 0: ground truth, side 1: prediction */
    Entries entries[2];
} Slot;

/* What a frame is counted with, kept from call to call. Planes and slot_of are all zero between. */
typedef struct {
    PngScratch png[2];
    Buffer bits, halves, matrix;
    Slot *slots; /* slot 0 is the background's: it counts nothing */
    size_t n_slots, slots_made, slots_room; /* in use; with entries that may have memory */
    uint16_t *slot_of; /* label -> slot */
    uint64_t *planes[2];
    size_t plane_words;
    Counts *counts; /* the answer */
    size_t n_counts, counts_room;
} Scratch;

static inline uint32_t label_at(const uint8_t *row, size_t x, int item) {
    if (item == 1) return row[x];
    uint16_t value;
    memcpy(&value, row + 2 * x, 2);
    return value;
}

enum { EVERY_PAIR = 1, MASKS = 2, VOID_HIDES = 4 };

extern const char SEVERAL_LABELS[];

/* Makes a map of masks (any label is the object) one of labels 0 and 1; SEVERAL_LABELS where it
   holds more than one. */
const char *make_binary(Map *map);

/* Turns `label` in the ground truth to 0 and, where it hides, whatever is predicted there. */
void remove_void(Map *gt, Map *pred, uint32_t label, int hides);

/* Counts every label that one of the maps holds against itself, or, with every_pair, each label
   of the ground truth against each of the prediction, and each against 0, nothing. The maps have one size, and MAP_SLACK
   bytes behind them. Returns NULL, or what is wrong as a static text. */
const char *count_maps(const Map *gt, const Map *pred, int every_pair, Scratch *scratch);

#if defined(__x86_64__) && defined(__GNUC__) && !defined(VOS_PLAIN_C) /* clang says that it is GNU C, too */
#define HAS_AVX2_TWIN 1
const char *count_maps_avx2(const Map *gt, const Map *pred, int every_pair, Scratch *scratch);
#endif

void free_scratch(Scratch *scratch);

#endif
