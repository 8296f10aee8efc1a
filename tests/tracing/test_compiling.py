"""What is compiled for a problem is compiled once, and goes with it."""

import gc
import weakref

import pytest

from odebench import IVP, compile_once
from odebench.cases import Case, Task, Variant
from odebench.provenance import Conditions
from odebench.worker import Worker


def problem():
    return IVP(lambda t, y, xp: -y, (0.0, 1.0), [1.0])


@pytest.fixture
def compiled():
    """A compiling function, and the arguments it was really called with."""
    calls = []

    @compile_once
    def compile_it(ivp, order, *, fast=True):
        calls.append((ivp, order, fast))
        return [ivp]  # a list refers to the problem it is kept by: no reason to keep either

    return compile_it, calls


def test_the_same_problem_and_arguments_are_compiled_once(compiled):
    compile_it, calls = compiled
    ivp = problem()
    assert compile_it(ivp, 5) is compile_it(ivp, 5)
    assert len(calls) == 1


def test_other_arguments_and_another_problem_are_compiled_anew(compiled):
    compile_it, calls = compiled
    ivp = problem()
    for arguments in [(ivp, 5), (ivp, 4), (problem(), 5)]:
        compile_it(*arguments)
    compile_it(ivp, 5, fast=False)
    assert len(calls) == 4


def test_two_functions_do_not_take_each_others_code():
    first, second = compile_once(lambda ivp: "first"), compile_once(lambda ivp: "second")
    ivp = problem()
    assert [first(ivp), second(ivp), first(ivp)] == ["first", "second", "first"]


def test_what_failed_is_tried_again():
    attempts = []

    @compile_once
    def compile_it(ivp):
        attempts.append(1)
        if len(attempts) == 1:
            raise MemoryError
        return "code"

    ivp = problem()
    with pytest.raises(MemoryError):
        compile_it(ivp)
    assert compile_it(ivp) == "code"


def test_it_is_forgotten_with_the_problem(compiled):
    compile_it, calls = compiled
    ivp = problem()
    compile_it(ivp, 5)
    gone = weakref.ref(ivp)
    calls.clear()
    del ivp
    gc.collect()
    assert gone() is None


SLOW_TO_COMPILE = """\
import time
import numpy as np
from odebench import Solution, compile_once, hookimpl, solver

@compile_once
def code(ivp):
    time.sleep(0.2)
    return np.exp

@solver
def compiling(ivp, t_eval, *, copies=1):
    return Solution(code(ivp)(-t_eval)[:, None])

@hookimpl
def odebench_solvers():
    return [compiling]
"""


def test_compiling_is_in_the_first_call_and_in_no_sample(tmp_path):
    from odebench.host import Host

    path = tmp_path / "slow.py"
    path.write_text(SLOW_TO_COMPILE)
    host = Host([path])
    worker = Worker(host, Conditions("run"))
    case = Case(Variant("decay", host.problem("decay").resolve({})), Variant("compiling", {"copies": 1}))
    first, second = (worker.measure(Task(case, 0, k)) for k in range(2))
    assert first.first_s > 0.2 > 0.1 > first.wall_s
    assert second.first_s is None
    assert second.wall_s < 0.1
