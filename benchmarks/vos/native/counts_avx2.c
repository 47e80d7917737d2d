/* counts.c compiled once more for processors with AVX2, BMI and POPCNT; module.c asks which. */
#include "counts.h"

#ifdef HAS_AVX2_TWIN
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#define __AVX2__ 1
#else
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#endif
#define COUNT_MAPS count_maps_avx2
#include "counts.c"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
