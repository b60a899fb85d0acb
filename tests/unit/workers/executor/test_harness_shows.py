"""What the harness makes of figures, tables and pictures, run for real where the packages for them are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from harness_rig import CHART, PNG, Interpreter


def test_every_open_figure_is_drawn_in_the_order_of_their_making(rich: Interpreter, tmp_path: Path) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\nplt.plot([3, 1])\nempty = plt.figure()"
    ran = rich.run(tmp_path, code)
    pictures = [ran.picture(output) for output in ran.report["outputs"]]
    assert len(pictures) == 2  # an empty figure is no picture
    assert all(picture.startswith(PNG) for picture in pictures)
    assert pictures[0] != pictures[1]
    assert rich.run(tmp_path, "plt.get_fignums()").text == "[]"


def test_show_draws_where_it_stands(rich: Interpreter, tmp_path: Path) -> None:
    code = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\ndisplay('after')\nplt.plot([1])\nplt.show()"
    kinds = [set(output) & {"image/png"} for output in rich.run(tmp_path, code).report["outputs"]]
    assert kinds == [{"image/png"}, set(), {"image/png"}]


def test_what_drawing_functions_return_is_not_shown(rich: Interpreter, tmp_path: Path) -> None:
    for last in ("plt.plot([1, 2])", "plt.hist([1, 2])[2]", "plt.subplots(2, 2)[1]", "plt.gca()"):
        ran = rich.run(tmp_path, f"import matplotlib.pyplot as plt\nplt.plot([1])\n{last}")
        assert ran.text is None, last
        assert all("image/png" in output for output in ran.report["outputs"])


def test_a_figure_as_the_last_value_is_drawn_once(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import matplotlib.pyplot as plt\nfig, ax = plt.subplots()\nax.plot([1, 2])\nfig")
    assert sum("image/png" in output for output in ran.report["outputs"]) == 1


def test_figures_are_kept_when_the_program_raises_after_drawing(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import matplotlib.pyplot as plt\nplt.plot([1])\n1 / 0")
    assert ran.error["name"] == "ZeroDivisionError"
    assert [set(output) for output in ran.report["outputs"]] == [{"image/png", "text/plain", CHART}]


def test_a_table_is_data_markup_and_text(rich: Interpreter, tmp_path: Path) -> None:
    code = "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': ['<x>', None]})"
    ran = rich.run(tmp_path, code)
    [table] = ran.report["outputs"]
    resource = table["application/vnd.dataresource+json"]
    assert [field["name"] for field in resource["schema"]["fields"]] == ["index", "a", "b"]
    assert [row["a"] for row in resource["data"]] == [1, 2]
    assert (resource["rows"], resource["columns"]) == (2, 2)
    assert "&lt;x&gt;" in table["text/html"]
    assert "<x>" not in table["text/html"]
    assert table["text/plain"] == ran.text


def test_of_a_long_table_only_the_beginning_is_kept(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "import pandas as pd, numpy as np\npd.DataFrame(np.zeros((10_000, 80)))")
    resource = ran.report["outputs"][0]["application/vnd.dataresource+json"]
    assert (len(resource["data"]), resource["rows"], resource["columns"]) == (100, 10_000, 80)
    assert len(resource["data"][0]) == 61


@pytest.mark.parametrize(
    "frame",
    [
        "pd.DataFrame([[1, 2]], columns=['a', 'a'])",
        "pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([('a', 1), ('a', 2)]))",
        "pd.DataFrame({'a': [1]}).rename_axis('a')",
        "pd.DataFrame({'a': [object()], 'b': [pd.Timestamp('2024-01-01', tz='UTC')], 'c': [1 + 2j]})",
        "pd.DataFrame({'a': [float('inf'), float('nan')]})",
        "pd.DataFrame()",
        "pd.DataFrame({'a': [1, 2]}, index=[1, 1])",
        "pd.Series([1, 2], name='s')",
        "pd.Series([1, 2])",
        "pd.DataFrame({1: [1]})",
        "pd.DataFrame({'a': pd.period_range('2024', periods=2)})",
        "pd.DataFrame({'a': [1, 1, 2], 'b': [1, 2, 3]}).groupby('a').sum()",
        "pd.DataFrame({'a': ['x', 'y'], 'b': [1, 2]}).pivot_table(index='a', aggfunc=['sum', 'mean'])",
        "pd.DataFrame({'level_0': [1]}, index=pd.MultiIndex.from_tuples([(1, 2)]))",
    ],
)
def test_a_table_of_any_make_is_shown(frame: str, rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, f"import pandas as pd\n{frame}")
    assert ran.text is not None
    assert "<table" in ran.report["outputs"][0]["text/html"]


def test_pictures_of_other_makes_are_pictures(rich: Interpreter, tmp_path: Path) -> None:
    ran = rich.run(tmp_path, "from PIL import Image\nImage.new('RGB', (2, 2))")
    assert ran.picture(ran.report["outputs"][0]).startswith(PNG)


def test_display_of_ipython_and_magics_are_understood(
    interpreters: Callable[[str], Interpreter], tmp_path: Path
) -> None:
    shell = interpreters("shell")
    code = "from IPython.display import HTML, Image, display\ndisplay(HTML('<b>x</b>'))\nHTML('<i>y</i>')"
    ran = shell.run(tmp_path, code)
    assert [output["text/html"] for output in ran.report["outputs"]] == ["<b>x</b>", "<i>y</i>"]
    ran = shell.run(tmp_path, "import pandas\ndisplay(pandas.DataFrame({'a': [1]}))")
    assert "application/vnd.dataresource+json" in ran.report["outputs"][0]
    assert shell.run(tmp_path, "%time 1 + 1").report["exit"] == "ok"
    assert shell.run(tmp_path, "files = !echo hello\nfiles[0]").text == "'hello'"
    shell.run(tmp_path, "del display")  # what the other tests find there is the harness's own


def test_of_a_frame_of_any_length_only_the_rows_that_are_shown_are_touched(rich: Interpreter, tmp_path: Path) -> None:
    code = """
import pandas as pd
class Counted:
    touched = 0
    def __repr__(self):
        Counted.touched += 1
        return "x"
    __str__ = __repr__
def touched(rows):
    Counted.touched = 0
    display(pd.DataFrame({"a": [Counted()] * rows}))
    return Counted.touched
touched(1000), touched(1_000_000)"""
    few, many = json.loads((rich.run(tmp_path, code).text or "").replace("(", "[").replace(")", "]"))
    assert few == many < 1000


def test_a_frame_of_a_million_rows_takes_no_more_memory_than_a_short_one(rich: Interpreter, tmp_path: Path) -> None:
    code = """
import numpy as np, pandas as pd, tracemalloc
def peak(rows):
    frame = pd.DataFrame({"a": np.zeros(rows), "b": np.arange(rows)})
    tracemalloc.start()
    display(frame)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most
peak(1000)
peak(1_000_000) / peak(1000)"""
    ran = rich.run(tmp_path, code)
    assert float(ran.text or "inf") < 1.5
    assert ran.report["outputs"][1]["application/vnd.dataresource+json"]["rows"] == 1_000_000


def test_frames_of_polars_are_tables_by_what_they_offer(interpreter: Interpreter, tmp_path: Path) -> None:
    """A stand-in with the few things of polars that are used: the package itself takes more memory than a small
    sandbox gives.
    """
    code = """
import sys, types
class Series:
    def __init__(self, name, values, dtype): self.name, self.values, self.dtype = name, values, dtype
    def __getitem__(self, part): return Series(self.name, self.values[part], self.dtype)
    def __iter__(self): return iter(self.values)
    def to_frame(self): return DataFrame([self])
class DataFrame:
    def __init__(self, series): self.series = series
    columns = property(lambda self: [each.name for each in self.series])
    width = property(lambda self: len(self.series))
    height = property(lambda self: len(self.series[0].values))
    def __getitem__(self, part):
        if isinstance(part, str):
            return next(each for each in self.series if each.name == part)
        return DataFrame([each[part[0]] for each in self.series[part[1]]])
    def __repr__(self): return "shape"
polars = sys.modules["polars"] = types.ModuleType("polars")
polars.DataFrame, polars.Series = DataFrame, Series
display(DataFrame([Series("a", list(range(500)), "Int64"), Series("b", ["<x>"] * 500, "String")]))
display(Series("s", [1.5, None], "Float64"))
del sys.modules["polars"]"""
    frame, series = (output for output in interpreter.run(tmp_path, code).report["outputs"])
    resource = frame["application/vnd.dataresource+json"]
    assert resource["schema"]["fields"] == [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]
    assert (resource["rows"], len(resource["data"]), resource["data"][1]) == (500, 100, {"a": 1, "b": "<x>"})
    assert "&lt;x&gt;" in frame["text/html"]
    assert series["application/vnd.dataresource+json"]["data"] == [{"s": 1.5}, {"s": None}]
