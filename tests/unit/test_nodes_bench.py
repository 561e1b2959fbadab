"""The benchmark runs, and its figures are there. How large they are no test can say."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict, replace
from itertools import product

import pytest

from nodes.bench import Options, Results, render, run
from nodes.bench import report as bench_report
from nodes.bench.figures import Case
from nodes.bench.machine import ed25519_rate, one_core, resident_mib
from nodes.bench.prepare import prepare, read_entries
from nodes.bench.runner import BenchFailed
from nodes.bench.stages import BUDGET
from nodes.bench.trade import Trade
from nodes.replayer import LogDiffers, Replayer

TINY = Options(
    records=(200,), batches=(1, 50, 1000), single=10, grouped=100, warm=50, proofs=20, offline=1, rules=5, profile=True
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    lines = []
    made = run(replace(TINY, folder=tmp_path_factory.mktemp("bench")), lines.append)
    assert lines[:2] == ["verifying a bundle offline", "making a ledger of 200 records, and 2,370 signed actions"]
    assert len(lines) == 9
    return made


def test_every_case_is_measured(results):
    keys = [(case.records, case.batch, case.cores) for case in results.cases]
    assert keys == list(product((200,), (1, 50, 1000), (1, 2)))
    for case in results.cases:
        assert case.actions == {1: 10, 50: 100, 1000: 1000}[case.batch]
        assert all(value > 0 for value in asdict(case).values())
        assert case.p50_ms <= case.p95_ms
        assert case.ratio == pytest.approx(case.per_second / case.ed25519_per_second)
    assert results.case(200, 2, 50) is results.cases[3]
    assert results.case(7, 2, 50) is None


def test_the_rest_is_measured_too(results):
    (ledger,) = results.ledgers
    figures = asdict(ledger)
    stages = figures.pop("stages_us")
    assert all(value > 0 for value in figures.values())
    assert set(stages) == set(BUDGET)
    assert all(value > 0 for value in stages.values())
    assert max(ledger.opened_mib, ledger.worked_mib) <= ledger.most_mib
    offline = results.offline
    assert min(offline.bundle_bytes, offline.document_bytes, offline.verify_ms, *offline.cold_ms.values()) > 0


def test_the_results_go_to_json_and_into_tables(results):
    back = json.loads(json.dumps(results.as_dict()))
    assert Results(**{**back, "cases": tuple(Case(**case) for case in back["cases"])}).cases == results.cases
    text = render(results)
    for words in (
        "Ed25519",
        "p95 < 10 ms",
        "state proof",
        "encode and hash",
        "from cold",
        "12 acts",
        "What a rule costs",
        "the middle one of",
    ):
        assert words in text


def test_the_tables_need_no_rich(results, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.delitem(sys.modules, "rich.table", raising=False)
    monkeypatch.delitem(sys.modules, "rich.console", raising=False)
    text = render(results)
    assert "─" not in text
    assert "records  batch  cores  actions/s" in text


def test_goals_stand_beside_the_cases_that_have_them(results):
    case = replace(results.cases[0], batch=1000)
    goals = [
        bench_report._goal(replace(case, records=records, cores=cores))
        for records, cores in product((1_000, 100_000, 1_000_000), (1, 2))
    ]
    assert goals == ["", "", "≥ 0.30", "≥ 0.45", "≥ 0.18", "≥ 0.27"]


def test_what_is_prepared_is_a_ledger_but_for_its_first_signatures(tmp_path):
    from ledger.store.memory import MemoryStore
    from ledger.store.sqlite import open_sqlite

    prepare(tmp_path, 30, 40)
    store = open_sqlite(tmp_path / "ledger.db", read_only=True)
    try:
        log = [entry.data for entry in store.entries(0, store.head().size)]
    finally:
        store.close()
    assert len(list(read_entries(tmp_path / "entries"))) == 40
    with pytest.raises(LogDiffers, match="no valid signature"):
        Replayer(MemoryStore()).feed(log)


def test_the_trade_follows_from_its_seed():
    first, second, other = Trade(1), Trade(1), Trade(1, seed=2)
    acts = [[trade.issue().entry, *(trade.action().entry for _ in range(20))] for trade in (first, second, other)]
    assert acts[0] == acts[1]
    assert not set(acts[0]) & set(acts[2])
    sizes = [len(entry) for entry in acts[0]]
    assert 300 < sum(sizes) / len(sizes) < 600


def test_a_part_that_fails_ends_the_benchmark(tmp_path, capfd):
    with pytest.raises(BenchFailed):
        run(replace(TINY, records=(-1,), folder=tmp_path), lambda line: None)
    assert list(tmp_path.iterdir()) == []
    assert "Error" in capfd.readouterr().err


def test_one_core_is_one_core_and_then_all_again():
    import os

    before = os.sched_getaffinity(0)
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1
    with one_core(only=False):
        assert os.sched_getaffinity(0) == before
    assert os.sched_getaffinity(0) == before


def test_the_machine_tells_what_it_can():
    assert ed25519_rate() > 0
    now, most = resident_mib()
    assert 0 < now <= most
    assert resident_mib(2**22 + 1) == (0.0, 0.0)


def test_it_runs_by_hand(tmp_path):
    command = [sys.executable, "-m", "nodes.bench", "--quick", "--records", "50", "--batch", "20", "--json"]
    done = subprocess.run([*command, "--folder", str(tmp_path)], capture_output=True, text=True, check=True)
    figures = json.loads(done.stdout)
    assert [case["batch"] for case in figures["cases"]] == [20, 20]
    assert "verifying a bundle offline" in done.stderr
