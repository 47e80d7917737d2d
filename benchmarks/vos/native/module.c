/* The Python module benchmarks.vos._kernel; benchmarks/vos/counting.py says what it is for. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdlib.h>
#include <string.h>

#include "counts.h"

/* Scratch memory that no call is using; the interpreter's lock guards the list. */
enum { MOST_KEPT = 64 };
static Scratch *kept[MOST_KEPT];
static int n_kept;

/* Frames are small and calls many, so scratch is kept; but not what a huge frame has grown. */
static const size_t LARGEST_KEPT = (size_t)64 << 20;

static size_t size_of(const Scratch *s) {
    size_t size = 2 * s->plane_words * sizeof(uint64_t) + s->matrix.size + s->slots_room * sizeof(Slot);
    for (int side = 0; side < 2; side++) {
        size += s->png[side].rows.size + s->png[side].expanded.size + s->png[side].packed.size;
        for (size_t i = 0; i < s->slots_made; i++) size += s->slots[i].entries[side].room * sizeof(Entry);
    }
    return size;
}

static Scratch *borrow(void) {
    return n_kept ? kept[--n_kept] : calloc(1, sizeof(Scratch));
}

static void give_back(Scratch *scratch) {
    if (n_kept < MOST_KEPT && size_of(scratch) <= LARGEST_KEPT) {
        kept[n_kept++] = scratch;
    } else {
        free_scratch(scratch);
    }
}

/* What a caller gave for a map: a PNG file's bytes, or (height, width, bytes a label, buffer). */
typedef struct {
    Py_buffer view;
    Map map; /* of a given buffer; its height is 0 for a PNG */
} Source;

static int open_source(PyObject *given, Source *source) {
    Py_ssize_t height, width;
    int item;
    PyObject *pixels;
    memset(source, 0, sizeof *source);
    if (!PyTuple_Check(given)) return PyObject_GetBuffer(given, &source->view, PyBUF_SIMPLE) == 0;
    if (!PyArg_ParseTuple(given, "nniO", &height, &width, &item, &pixels)) return 0;
    if (PyObject_GetBuffer(pixels, &source->view, PyBUF_SIMPLE)) return 0;
    size_t h = (size_t)height, w = (size_t)width;
    if (height < 1 || width < 1 || w > MOST_PIXELS || h > MOST_PIXELS / w || (item != 1 && item != 2) ||
        (size_t)source->view.len != h * w * (size_t)item) {
        PyBuffer_Release(&source->view);
        PyErr_SetString(PyExc_TypeError, "a map's size and its buffer do not agree");
        return 0;
    }
    source->map = (Map){NULL, h, w, w * (size_t)item, item};
    return 1;
}

static const char *load(Source *source, PngScratch *scratch, Map *map) {
    const Py_buffer *view = &source->view;
    if (!source->map.height) return read_png(view->buf, (size_t)view->len, scratch, map);
    uint8_t *copy = reserve(&scratch->rows, (size_t)view->len + MAP_SLACK);
    if (!copy) return PNG_NO_MEMORY;
    memcpy(copy, view->buf, (size_t)view->len);
    *map = source->map;
    map->pixels = copy;
    return NULL;
}

static const char *(*count_here)(const Map *, const Map *, int, Scratch *) = count_maps;

static void choose_for_processor(void) {
#ifdef HAS_AVX2_TWIN
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
        count_here = count_maps_avx2;
    }
#endif
}

/* Sets *side to "gt", "pred" or "" (both together), and returns what is wrong with it, or NULL. */
static const char *work(Source *gt, Source *pred, int flags, long void_label, Scratch *s, const char **side) {
    Map maps[2];
    const char *fault;
    *side = "gt";
    if ((fault = load(gt, &s->png[0], &maps[0]))) return fault;
    if (flags & MASKS && (fault = make_binary(&maps[0]))) return fault;
    *side = "pred";
    if ((fault = load(pred, &s->png[1], &maps[1]))) return fault;
    if (flags & MASKS && (fault = make_binary(&maps[1]))) return fault;
    *side = "";
    if (maps[0].height != maps[1].height || maps[0].width != maps[1].width) return "their sizes differ";
    if (void_label > 0) remove_void(&maps[0], &maps[1], (uint32_t)void_label, flags & VOID_HIDES);
    return count_here(&maps[0], &maps[1], flags & EVERY_PAIR, s);
}

static PyObject *as_list(const Scratch *s) {
    PyObject *list = PyList_New((Py_ssize_t)s->n_counts);
    for (size_t i = 0; list && i < s->n_counts; i++) {
        const Counts *c = &s->counts[i];
        PyObject *row = Py_BuildValue("IILLLLLLL", c->gt, c->pred, (long long)c->inter,
                                      (long long)c->area_gt, (long long)c->area_pred,
                                      (long long)c->n_gt, (long long)c->n_pred,
                                      (long long)c->matched_gt, (long long)c->matched_pred);
        if (!row) {
            Py_CLEAR(list);
        } else {
            PyList_SetItem(list, (Py_ssize_t)i, row);
        }
    }
    return list;
}

static PyObject *count(PyObject *self, PyObject *arguments) {
    (void)self;
    PyObject *given_gt, *given_pred, *answer = NULL;
    int flags;
    long void_label;
    Source gt, pred;
    const char *side = "";
    if (!PyArg_ParseTuple(arguments, "OOil", &given_gt, &given_pred, &flags, &void_label)) return NULL;
    if (!open_source(given_gt, &gt)) return NULL;
    if (!open_source(given_pred, &pred)) {
        PyBuffer_Release(&gt.view);
        return NULL;
    }
    Scratch *scratch = borrow();
    const char *fault = PNG_NO_MEMORY;
    if (scratch) {
        Py_BEGIN_ALLOW_THREADS
        fault = work(&gt, &pred, flags, void_label, scratch, &side);
        Py_END_ALLOW_THREADS
        if (!fault) answer = as_list(scratch);
        give_back(scratch);
    }
    PyBuffer_Release(&gt.view);
    PyBuffer_Release(&pred.view);
    if (fault == PNG_UNUSUAL) Py_RETURN_NONE;
    if (fault) {
        PyObject *what = Py_BuildValue("ss", side, fault);
        if (what) {
            PyErr_SetObject(PyExc_ValueError, what);
            Py_DECREF(what);
        }
    }
    return answer;
}

static PyMethodDef methods[] = {
    {"count", count, METH_VARARGS, "count(gt, pred, flags, void_label) -> list of nine integers, or None"},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_kernel", "The seven counts of J and F.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__kernel(void) {
    prepare_png();
    choose_for_processor();
    return PyModule_Create(&definition);
}
