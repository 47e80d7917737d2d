"""What is asked of agents: tasks, their requirement graphs and their labels."""

from devai_tasks.example import BundledExample, bundled_example
from devai_tasks.faults import Fault
from devai_tasks.judgments import (
    JudgedRequirement,
    JudgmentFile,
    LoadedJudgments,
    judgment_file,
    load_judgments,
    write_judgment,
)
from devai_tasks.loading import (
    Inspection,
    LoadedTasks,
    find_faults,
    inspect_tasks,
    load_tasks,
    select_tasks,
)
from devai_tasks.models import Preference, Requirement, Task
from devai_tasks.rates import (
    Flagged,
    FlaggedRequirement,
    Flags,
    Rates,
    dependent_rate,
    flagged,
    independent_rate,
    rates,
    solve_rate,
    transitive_rate,
)

__all__ = [
    "BundledExample",
    "Fault",
    "Flagged",
    "FlaggedRequirement",
    "Flags",
    "Inspection",
    "JudgedRequirement",
    "JudgmentFile",
    "LoadedJudgments",
    "LoadedTasks",
    "Preference",
    "Rates",
    "Requirement",
    "Task",
    "bundled_example",
    "dependent_rate",
    "find_faults",
    "flagged",
    "independent_rate",
    "inspect_tasks",
    "judgment_file",
    "load_judgments",
    "load_tasks",
    "rates",
    "select_tasks",
    "solve_rate",
    "transitive_rate",
    "write_judgment",
]
