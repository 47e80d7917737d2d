/* What is done to maps before they are counted, and the memory of counting. */
#include <stdlib.h>
#include <string.h>

#include "counts.h"

const char SEVERAL_LABELS[] = "it holds several labels, where a file has one object's mask";

const char *make_binary(Map *map) {
    uint32_t found = 0;
    for (size_t y = 0; y < map->height; y++) {
        uint8_t *row = map->pixels + y * map->stride;
        if (map->item == 1) {
            uint8_t most = 0, least = 255; /* least: of the labels less one, 0 becoming 255 */
            for (size_t x = 0; x < map->width; x++) {
                uint8_t value = row[x], less = (uint8_t)(value - 1);
                most = value > most ? value : most;
                least = less < least ? less : least;
                row[x] = value != 0;
            }
            if (!most) continue;
            if (most != least + 1 || (found && found != most)) return SEVERAL_LABELS;
            found = most;
        } else {
            for (size_t x = 0; x < map->width; x++) {
                uint16_t value = (uint16_t)label_at(row, x, 2), is_set = value != 0;
                if (value && found && found != value) return SEVERAL_LABELS;
                if (value) found = value;
                memcpy(row + 2 * x, &is_set, 2);
            }
        }
    }
    return NULL;
}

void remove_void(Map *gt, Map *pred, uint32_t label, int hides) {
    if (gt->item == 1 && label > 255) return;
    for (size_t y = 0; y < gt->height; y++) {
        uint8_t *row = gt->pixels + y * gt->stride, *other = pred->pixels + y * pred->stride;
        if (gt->item == 1 && !memchr(row, (int)label, gt->width)) continue;
        for (size_t x = 0; x < gt->width; x++) {
            if (label_at(row, x, gt->item) != label) continue;
            memset(row + x * (size_t)gt->item, 0, (size_t)gt->item);
            if (hides) memset(other + x * (size_t)pred->item, 0, (size_t)pred->item);
        }
    }
}

void free_scratch(Scratch *s) {
    for (int side = 0; side < 2; side++) {
        PngScratch *png = &s->png[side];
        free(png->packed.data);
        free(png->rows.data);
        free(png->expanded.data);
        free(png->zeros.data);
        free(s->planes[side]);
    }
    for (size_t i = 0; i < s->slots_made; i++) {
        for (int side = 0; side < 2; side++) free(s->slots[i].entries[side].items);
    }
    free(s->bits.data);
    free(s->halves.data);
    free(s->matrix.data);
    free(s->slots);
    free(s->slot_of);
    free(s->counts);
    free(s);
}
