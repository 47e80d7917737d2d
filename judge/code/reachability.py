"""What runs when the product runs: everything that entry points lead to.

An entry point is a module that can be started (it has a main guard or `main`) or that no other
module of the product imports. From there calls, imports and references to definitions are
followed. A method is reached when it is called on an object of its class, or when its class is in
use and its name is taken from an object of unknown class, or when a framework calls it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from judge.code.facts import Key

# Methods that frameworks call on objects they are given.
HOOKS = frozenset(
    """
    forward training_step validation_step test_step predict_step configure_optimizers setup
    teardown prepare_data train_dataloader val_dataloader test_dataloader predict_dataloader call
    build get_config from_config compute_loss compute_metrics
    run handle handle_request handle_starttag handle_data do_GET do_POST do_PUT do_DELETE do_HEAD
    dispatch get post put delete patch
    setUp tearDown setUpClass tearDownClass
    ready save clean get_queryset get_context_data get_absolute_url form_valid has_permission
    parse start_requests process_item open_spider close_spider
    step reset render close seed emit format filter
    paintEvent keyPressEvent mousePressEvent closeEvent initUI compose update draw
    constructor render componentDidMount componentDidUpdate componentWillUnmount
    shouldComponentUpdate getDerivedStateFromProps componentDidCatch connectedCallback
    toString equals hashCode compareTo compare apply accept main close
    Error String Len Less Swap ServeHTTP Read Write Close MarshalJSON UnmarshalJSON Scan Value
    onCreate onStart onResume onClick onBindViewHolder onCreateViewHolder getItemCount
    actionPerformed doGet doPost init destroy start paintComponent
    """.split()
)
_HOOK_PREFIXES = (
    "__",
    "on_",
    "visit_",
    "test_",
    "validate_",
    "clean_",
    "do_",
    "handle_",
    "action_",
)


@dataclass(slots=True, eq=False)
class ReachScope:
    """What leads on from one scope: a module's own level or a function's body."""

    key: Key
    calls: set[Key] = field(default_factory=set)
    references: set[Key] = field(default_factory=set)
    loose_names: set[str] = field(default_factory=set)
    imports: set[str] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class ReachClass:
    key: Key
    methods: dict[str, list[Key]] = field(default_factory=dict)
    bases: tuple[Key, ...] = ()
    has_framework_base: bool = False
    hooks: set[str] = field(default_factory=set)
    """Methods that run whenever the class is in use: constructors, what an interface asks for."""


@dataclass(slots=True, eq=False)
class ReachModule:
    path: str
    can_start: bool
    is_test: bool
    imports: frozenset[str]
    """Paths of all modules it imports, on any level and whether or not the import is live."""


def entry_points(modules: Iterable[ReachModule]) -> list[str]:
    """Paths of the modules that can be started, in order.

    Tests are none. Of modules that only import each other in a circle, the first counts.
    """
    product = {module.path: module for module in modules if not module.is_test}
    imported = {
        target for module in product.values() for target in module.imports if target != module.path
    }
    entries = [path for path, module in product.items() if module.can_start or path not in imported]
    covered: set[str] = set()
    pending = deque(entries)
    for path in product:
        while pending:
            current = pending.popleft()
            if current not in covered and current in product:
                covered.add(current)
                pending.extend(product[current].imports)
        if path not in covered:
            entries.append(path)
            pending.append(path)
    return entries


class Reach:
    """The search from the entry points; `reached` is its outcome."""

    def __init__(
        self,
        scopes: Mapping[Key, Iterable[ReachScope]],
        classes: Mapping[Key, ReachClass],
    ) -> None:
        self.reached: set[Key] = set()
        self._scopes = scopes
        self._classes = classes
        self._class_of: dict[Key, ReachClass] = {
            method: cls for cls in classes.values() for found in cls.methods.values()
            for method in found
        }  # fmt: skip
        self._waiting_methods: dict[str, list[Key]] = {}
        self._loose: set[str] = set()
        self._pending: deque[Key] = deque()

    def start_from(self, paths: Iterable[str]) -> frozenset[Key]:
        for path in paths:
            self._add((path, ""))
        while self._pending:
            key = self._pending.popleft()
            for scope in self._scopes.get(key, ()):
                self._follow(scope)
        return frozenset(self.reached)

    def _add(self, key: Key) -> None:
        if key in self.reached:
            return
        self.reached.add(key)
        self._pending.append(key)
        if key[1]:
            self._add((key[0], ""))  # what is in a module can only run once the module has
        cls = self._classes.get(key)
        if cls is not None:
            self._use_class(cls)
        owner = self._class_of.get(key)
        if owner is not None:
            self._add(owner.key)

    def _follow(self, scope: ReachScope) -> None:
        for path in sorted(scope.imports):
            self._add((path, ""))
        for key in sorted(scope.calls | scope.references):
            self._add(key)
        for name in sorted(scope.loose_names):
            if name not in self._loose:
                self._loose.add(name)
                for key in self._waiting_methods.pop(name, ()):
                    self._add(key)

    def _use_class(self, cls: ReachClass) -> None:
        for base in cls.bases:
            self._add(base)
        for name, found in cls.methods.items():
            for method in found:
                is_hook = name in cls.hooks or name.startswith(_HOOK_PREFIXES) or (
                    name in HOOKS and (cls.has_framework_base or name == "forward")
                )  # fmt: skip
                if is_hook or name in self._loose:
                    self._add(method)
                else:
                    self._waiting_methods.setdefault(name, []).append(method)
