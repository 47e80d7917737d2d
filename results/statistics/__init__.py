"""Statistics as pure functions over plain values; numpy and scipy are imported on use."""

from results.statistics.agreement import (
    balanced_accuracy,
    cohen_kappa,
    majority_share,
    sensitivity,
    specificity,
)
from results.statistics.clusters import (
    bootstrap_interval,
    clustered_ratio_interval,
    design_effect,
    ratio_standard_error,
)
from results.statistics.multiplicity import benjamini_hochberg, holm
from results.statistics.paired import (
    TOO_FEW,
    SignFlips,
    fewest_clusters,
    interval_of,
    is_inferior,
    is_non_inferior,
    mcnemar,
    p_worse_of_many,
    sign_flip_interval,
    sign_flip_p,
    sign_flips,
)
from results.statistics.power import minimum_detectable_effect, power
from results.statistics.repeats import VarianceComponents, averaged, variance_components
from results.statistics.shares import (
    Z95,
    CorrectedShare,
    clopper_pearson,
    level_of,
    rate_of,
    rogan_gladen,
    share,
    wilson,
)

__all__ = [
    "TOO_FEW",
    "Z95",
    "CorrectedShare",
    "SignFlips",
    "VarianceComponents",
    "averaged",
    "balanced_accuracy",
    "benjamini_hochberg",
    "bootstrap_interval",
    "clopper_pearson",
    "clustered_ratio_interval",
    "cohen_kappa",
    "design_effect",
    "fewest_clusters",
    "holm",
    "interval_of",
    "is_inferior",
    "is_non_inferior",
    "level_of",
    "majority_share",
    "mcnemar",
    "minimum_detectable_effect",
    "p_worse_of_many",
    "power",
    "rate_of",
    "ratio_standard_error",
    "rogan_gladen",
    "sensitivity",
    "share",
    "sign_flip_interval",
    "sign_flip_p",
    "sign_flips",
    "specificity",
    "variance_components",
    "wilson",
]
