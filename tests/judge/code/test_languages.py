"""Definitions, imports, calls and files of the languages besides Python."""

from __future__ import annotations

from textwrap import dedent

import pytest

from judge.code import Body, CodeGraph, FileUse, build_graph, language_of

APP = {
    "src/server.js": """
        import express from 'express';
        import { summarise } from './report.js';
        const fs = require('fs');
        const path = require('path');
        const app = express();
        app.get('/', (req, res) => res.send(render()));
        function render() { return summarise([1, 2]); }
        function unused() { fs.unlinkSync('a'); }
        fs.writeFileSync(path.join(__dirname, '..', 'out', 'a.json'), 'fixed');
        const db = new Database('data.db');
        db.prepare('select 1');
    """,
    "src/report.js": """
        export function summarise(values) { return values.reduce((a, b) => a + b, 0); }
        export function forgotten() { return 1; }
        export const label = () => 'a report';
        class Report {
          constructor(v) { this.v = v; }
          save() { throw new Error('not implemented'); }
        }
        module.exports = { summarise, forgotten, Report };
    """,
    "web/App.tsx": """
        import React, { useState } from 'react';
        import Chart from './Chart';
        import { gone } from './missing';
        export default function App() {
          const [n, setN] = useState<number>(0);
          const grow = () => setN(n + 1);
          return <div onClick={grow}><Chart value={n} /></div>;
        }
    """,
    "web/Chart.tsx": """
        export default function Chart(props: { value: number }) { return <svg>{props.value}</svg>; }
    """,
    "java/Main.java": """
        import java.io.FileWriter;
        public class Main {
            static final String OUT = "results/" + "log.txt";
            public static void main(String[] args) throws Exception {
                FileWriter writer = new FileWriter(OUT);
                writer.write("done");
                new Store().keep(args);
            }
            static void never() { System.out.println("x"); }
        }
    """,
    "java/Store.java": """
        public class Store extends Base {
            @Override public String toString() { return "store"; }
            void keep(String[] items) { if (false) { drop(); } return; }
            void drop() { throw new UnsupportedOperationException("Not implemented"); }
        }
    """,
    "go/main.go": """
        package main
        import ("os"; "example.org/app/store")
        func main() { data, _ := os.ReadFile("in.csv"); s := store.New(); s.Put(data); tidy() }
        func tidy() { os.WriteFile("out.txt", []byte("x"), 0644) }
        func idle() { tidy() }
    """,
    "go/store/store.go": """
        package store
        type Store struct { items []string }
        func New() *Store { return &Store{} }
        func (s *Store) Put(data []byte) { s.items = append(s.items, string(data)) }
        func (s *Store) Never() { panic("not implemented") }
    """,
    "rust/main.rs": """
        use std::fs::{self, File};
        mod shape;
        fn main() {
            let text = fs::read_to_string("in.txt").unwrap();
            let mut f = File::create("out/r.txt").unwrap();
            println!("{}", shape::area(2));
        }
        fn spare() -> i32 { todo!() }
    """,
    "rust/shape.rs": "pub fn area(side: i32) -> i32 { side * side }\n",
    "c/main.c": """
        #include <stdio.h>
        #include "util.h"
        #define OUT "result.bin"
        static int helper(int a);
        int main(void) { FILE *f = fopen(OUT, "wb"); helper(1); return 0; }
        static int helper(int a) { return a * 2; }
        int orphan(int a) { return 3; }
    """,
    "cpp/app.cpp": """
        #include <fstream>
        #include "missing.hpp"
        class Writer { public: void save(const std::string& name); void later() {} };
        void Writer::save(const std::string& name) { std::ofstream out("out.txt"); out << name; }
        int main() { Writer w; w.save("a"); std::ifstream in("in.txt"); }
    """,
    "run.sh": """
        #!/bin/bash
        OUT=results
        prepare() { mkdir -p "$OUT"; curl -sL https://example.org/d.csv -o "$OUT/d.csv"; }
        leftover() { touch never.txt; }
        prepare
        python3 train.py --epochs 3 | tee -a train.log
        cat > config.yml <<XX
        lr: 0.1
        XX
    """,
    "train.py": "import other\n",
    "other.py": "import train\n",
}


@pytest.fixture(scope="module")
def graph() -> CodeGraph:
    return build_graph({path: dedent(text) for path, text in APP.items()})


def use_of(graph: CodeGraph, path: str, target: str) -> FileUse:
    return next(use for use in graph.uses_in(path) if use.target == target)


def test_languages_go_by_suffix() -> None:
    assert [language_of(path) for path in ("a.PY", "b/c.tsx", "d.hpp", "e.md", "f")] == [
        "python",
        "typescript",
        "cpp",
        None,
        None,
    ]


def test_every_source_parses_and_is_in_the_order_of_its_path(graph: CodeGraph) -> None:
    assert list(graph.modules) == sorted(APP)
    assert [module.path for module in graph.modules.values() if module.fault] == []


@pytest.mark.parametrize(
    ("path", "target", "mode", "via"),
    [
        ("src/server.js", "out/a.json", "write", "fs.writeFileSync"),
        ("java/Main.java", "results/log.txt", "write", "java.io.FileWriter"),
        ("go/main.go", "in.csv", "read", "os.ReadFile"),
        ("go/main.go", "out.txt", "write", "os.WriteFile"),
        ("rust/main.rs", "in.txt", "read", "std.fs.read_to_string"),
        ("rust/main.rs", "out/r.txt", "write", "std.fs.File.create"),
        ("c/main.c", "result.bin", "write", "fopen"),
        ("cpp/app.cpp", "out.txt", "write", "std.ofstream"),
        ("cpp/app.cpp", "in.txt", "read", "std.ifstream"),
        ("run.sh", "results/d.csv", "write", "curl"),
        ("run.sh", "train.log", "append", "tee"),
        ("run.sh", "config.yml", "write", "cat"),
    ],
)
def test_files_are_found_with_the_call_that_uses_them(
    graph: CodeGraph, path: str, target: str, mode: str, via: str
) -> None:
    use = use_of(graph, path, target)
    assert (use.mode, use.via, use.is_reached) == (mode, via, True)


def test_constant_content_is_kept(graph: CodeGraph) -> None:
    assert use_of(graph, "src/server.js", "out/a.json").content == "fixed"
    assert use_of(graph, "run.sh", "config.yml").content == "lr: 0.1\n"
    assert use_of(graph, "run.sh", "train.log").content is None


@pytest.mark.parametrize(
    ("path", "qualified"),
    [
        ("src/server.js", "render"),
        ("src/report.js", "summarise"),
        ("web/App.tsx", "App"),
        ("web/App.tsx", "App.grow"),
        ("web/Chart.tsx", "Chart"),
        ("java/Main.java", "Main.main"),
        ("java/Store.java", "Store"),
        ("java/Store.java", "Store.keep"),
        ("java/Store.java", "Store.toString"),
        ("go/main.go", "tidy"),
        ("go/store/store.go", "New"),
        ("go/store/store.go", "Store.Put"),
        ("rust/shape.rs", "area"),
        ("c/main.c", "helper"),
        ("cpp/app.cpp", "Writer.save"),
        ("run.sh", "prepare"),
        ("train.py", ""),
    ],
)
def test_what_runs_is_reached(graph: CodeGraph, path: str, qualified: str) -> None:
    assert graph.is_reached(path, qualified)


@pytest.mark.parametrize(
    ("path", "qualified"),
    [
        ("src/server.js", "unused"),
        ("src/report.js", "forgotten"),
        ("src/report.js", "Report"),
        ("src/report.js", "Report.save"),
        ("java/Main.java", "Main.never"),
        ("java/Store.java", "Store.drop"),
        ("go/main.go", "idle"),
        ("go/store/store.go", "Store.Never"),
        ("rust/main.rs", "spare"),
        ("c/main.c", "orphan"),
        ("cpp/app.cpp", "Writer.later"),
        ("run.sh", "leftover"),
    ],
)
def test_what_nothing_calls_is_not_reached(graph: CodeGraph, path: str, qualified: str) -> None:
    assert graph.definition(path, qualified) is not None
    assert not graph.is_reached(path, qualified)


@pytest.mark.parametrize(
    ("path", "qualified", "body"),
    [
        ("src/report.js", "summarise", Body.WORKS),
        ("src/report.js", "forgotten", Body.CONSTANT),
        ("src/report.js", "label", Body.NOTE),
        ("src/report.js", "Report.save", Body.STUB),
        ("web/Chart.tsx", "Chart", Body.WORKS),
        ("java/Main.java", "Main.never", Body.NOTE),
        ("java/Store.java", "Store.drop", Body.STUB),
        ("java/Store.java", "Store.toString", Body.NOTE),
        ("go/store/store.go", "Store.Never", Body.STUB),
        ("go/store/store.go", "Store.Put", Body.WORKS),
        ("rust/main.rs", "spare", Body.STUB),
        ("c/main.c", "orphan", Body.CONSTANT),
        ("cpp/app.cpp", "Writer.later", Body.STUB),
        ("cpp/app.cpp", "Writer.save", Body.WORKS),
    ],
)
def test_bodies(graph: CodeGraph, path: str, qualified: str, body: Body) -> None:
    found = graph.definition(path, qualified)
    assert found is not None
    assert found.body is body


def test_imports_are_resolved_within_the_workspace(graph: CodeGraph) -> None:
    resolved = {(each.path, each.module): each.resolved_path for each in graph.imports}
    assert resolved["src/server.js", "./report.js"] == "src/report.js"
    assert resolved["web/App.tsx", "./Chart"] == "web/Chart.tsx"
    assert resolved["go/main.go", "example.org/app/store"] == "go/store/store.go"
    assert resolved["rust/main.rs", "shape"] == "rust/shape.rs"
    broken = {(each.path, each.module) for each in graph.imports if not each.is_resolved}
    assert broken == {
        ("web/App.tsx", "./missing"),
        ("c/main.c", "util.h"),
        ("cpp/app.cpp", "missing.hpp"),
    }


def test_calls_carry_the_names_of_their_modules_and_classes(graph: CodeGraph) -> None:
    found = {call.written: call for call in graph.calls}
    assert found["useState"].name == "react.useState"
    assert found["express"].name == "express"
    assert found["app.get"].origin == "express"
    assert found["db.prepare"].name == "Database.prepare"
    assert found["writer.write"].name == "java.io.FileWriter.write"
    assert found["summarise"].targets == (("src/report.js", "summarise"),)
    assert found["Chart"].targets == (("web/Chart.tsx", "Chart"),)
    assert not found["drop"].is_reached


def test_a_component_is_used_where_its_element_stands(graph: CodeGraph) -> None:
    assert [call.path for call in graph.callers_of("web/Chart.tsx", "Chart")] == ["web/App.tsx"]


def test_a_source_with_errors_still_gives_what_stands_around_them() -> None:
    graph = build_graph({"a.js": "function ok() { return work(); }\nfunction ( { \nok();\n"})
    assert graph.modules["a.js"].fault
    assert graph.definition("a.js", "ok") is not None
