"""What to look for in the syntax trees of each language: one query and a few sets of node types."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tree_sitter import Query

from judge.code.trees import language_for

_JAVASCRIPT = """
[(function_declaration) (generator_function_declaration) (method_definition)] @function
(variable_declarator name: (identifier) value: [(arrow_function) (function_expression)]) @function
(assignment_expression left: [(member_expression) (identifier)]
  right: [(arrow_function) (function_expression)]) @function
(pair key: (property_identifier) value: [(arrow_function) (function_expression)]) @function
(class_declaration name: (_)) @class
[(call_expression) (new_expression)] @call
(import_statement) @import
(export_statement) @export
(assignment_expression left: (member_expression) right: [(identifier) (object)]) @assigned_export
(variable_declarator name: (_) value: (_)) @constant
[(identifier) (shorthand_property_identifier)] @name
(property_identifier) @member
[(return_statement) (throw_statement)] @exit
(if_statement) @if
"""

_ELEMENTS = "[(jsx_opening_element name: (_)) (jsx_self_closing_element name: (_))] @element\n"
_QUERIES = {
    "javascript": _JAVASCRIPT
    + _ELEMENTS
    + "(field_definition property: (_) value: (arrow_function)) @function\n",
    "typescript": _JAVASCRIPT
    + """
(public_field_definition name: (_) value: (arrow_function)) @function
(abstract_class_declaration name: (_)) @class
(type_identifier) @name
""",
    "java": """
[(method_declaration) (constructor_declaration)] @function
[(class_declaration) (interface_declaration) (enum_declaration) (record_declaration)] @class
[(method_invocation) (object_creation_expression)] @call
(import_declaration) @import
(variable_declarator name: (identifier) value: (_)) @constant
[(identifier) (type_identifier)] @name
[(return_statement) (throw_statement)] @exit
(if_statement) @if
""",
    "go": """
[(function_declaration) (method_declaration)] @function
(type_declaration (type_spec name: (_) type: [(struct_type) (interface_type)]) @class)
(call_expression) @call
(import_spec) @import
[(const_spec name: (_) value: (_)) (var_spec name: (_) value: (_))] @constant
(short_var_declaration) @constant
[(identifier) (type_identifier)] @name
(field_identifier) @member
(return_statement) @exit
(if_statement) @if
""",
    "rust": """
(function_item) @function
[(struct_item) (enum_item) (trait_item)] @class
(impl_item) @owner
[(call_expression) (macro_invocation)] @call
[(use_declaration) (mod_item)] @import
[(const_item name: (_) value: (_)) (static_item name: (_) value: (_))
 (let_declaration pattern: (identifier) value: (_))] @constant
[(identifier) (type_identifier)] @name
(field_identifier) @member
(return_expression) @exit
(if_expression) @if
""",
    "c": """
(function_definition) @function
(struct_specifier name: (_) body: (_)) @class
(call_expression) @call
(preproc_include) @import
[(init_declarator value: (_)) (preproc_def name: (_) value: (_))] @constant
(declaration declarator: (function_declarator)) @prototype
(declaration declarator: (pointer_declarator declarator: (function_declarator))) @prototype
[(identifier) (type_identifier)] @name
(field_identifier) @member
(return_statement) @exit
(if_statement) @if
""",
    "cpp": """
(function_definition) @function
[(class_specifier name: (_) body: (_)) (struct_specifier name: (_) body: (_))] @class
[(call_expression) (new_expression)] @call
(declaration
  declarator: (init_declarator value: [(argument_list) (initializer_list)])) @construction
(preproc_include) @import
[(init_declarator value: (_)) (preproc_def name: (_) value: (_))] @constant
(declaration declarator: (function_declarator)) @prototype
(field_declaration declarator: (function_declarator)) @prototype
[(identifier) (type_identifier) (namespace_identifier)] @name
(field_identifier) @member
[(return_statement) (throw_statement)] @exit
(if_statement) @if
""",
    "shell": """
(function_definition) @function
(command) @call
(redirected_statement) @redirected
(variable_assignment name: (_) value: (_)) @constant
(if_statement) @if
""",
}

# The smallest part of a construct in which control cannot come past a `return`.
BLOCKS = frozenset(
    "statement_block block compound_statement program statement_list constructor_body".split()
)
STRINGS = frozenset(
    """
    string string_literal interpreted_string_literal raw_string_literal raw_string template_string
    char_literal ansi_c_string concatenated_string text_block
    """.split()
)
NUMBERS = frozenset(
    """
    number number_literal integer_literal float_literal int_literal decimal_integer_literal
    decimal_floating_point_literal
    """.split()
)
NAMED_VALUES = frozenset(
    "true false null undefined nil none boolean_literal null_literal nullptr".split()
)
PRINTING = frozenset(
    """
    console.log console.info console.warn console.error print println alert document.write
    System.out.println System.out.print System.out.printf System.err.println
    fmt.Println fmt.Printf fmt.Print log.Println log.Printf log.Print
    println! print! eprintln! eprint! format! printf puts fprintf echo
    """.split()
)
EXTENSIONS = {
    "javascript": (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx"),
    "typescript": (".ts", ".tsx", ".js", ".jsx", ".mts", ".cts"),
}
STARTS_AT_MAIN = frozenset({"java", "go", "rust", "c", "cpp"})


@dataclass(frozen=True, slots=True)
class Family:
    """Languages whose files link with each other by name."""

    name: str
    languages: frozenset[str]


FAMILIES = (
    Family("script", frozenset({"javascript", "typescript"})),
    Family("java", frozenset({"java"})),
    Family("go", frozenset({"go"})),
    Family("rust", frozenset({"rust"})),
    Family("c", frozenset({"c", "cpp"})),
    Family("shell", frozenset({"shell"})),
)


@cache
def query_for(language: str, is_tsx: bool) -> Query:
    """The query of a language, compiled once; TSX is a grammar of its own."""
    if is_tsx:
        return Query(language_for("tsx"), _QUERIES[language] + _ELEMENTS)
    return Query(language_for(language), _QUERIES[language])
