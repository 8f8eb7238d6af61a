"""Modules of the package import each other in one direction."""

from graphlib import TopologicalSorter

import grimp


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions and those for types alone count."""
    graph = grimp.build_graph("tfsess_magics", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 100
    TopologicalSorter(imports).prepare()  # raises CycleError, with the circle


def test_the_side_of_tensorflow_has_few_rooms() -> None:
    """At most sixteen entries, which a newcomer can read through."""
    assert len(grimp.build_graph("tfsess_magics", cache_dir=None).find_children("tfsess_magics.tf")) <= 16
