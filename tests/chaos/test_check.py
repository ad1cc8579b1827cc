# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The checker passes what is right and catches every bug that is planted, wherever it is planted."""
import random

import pytest
from check import violations_of
from model import Model
from plants import PLANTS

SEEDS = range(4)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clean_run_passes(seed):
    """Whatever the order of things."""
    assert not violations_of(Model(seed).histories)


def test_a_run_in_which_nothing_happened_does_not_pass():
    """It could not have found anything."""
    assert {name for name, _ in violations_of(Model(1, steps=0).histories)} == {"I1"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_caught(plant, seed):
    """And called by its name."""
    histories = Model(seed).histories
    plant(histories, random.Random(seed))
    assert violations_of(histories, names=PLANTS[plant])
