"""DataFrames and Series of every make."""

from . import Case

PD = "import pandas as pd, numpy as np\n"
ONE = "table html text"


def frame(made: str, **more: str) -> Case:
    return Case(PD + made, shows=[ONE], holds=more)


CASES = {
    "plain": frame("pd.DataFrame({'a': [1, 2], 'b': ['<x>', None]})", table='"rows": 2', html="&lt;x&gt;"),
    "a series": frame("pd.Series([1.5, 2], name='s')", table='{"name": "s", "type": "number"}'),
    "a series without a name": frame("pd.Series([1, 2])"),
    "long": frame("pd.DataFrame(np.zeros((100_000, 3)))", table='"rows": 100000'),
    "wide": frame("pd.DataFrame(np.zeros((2, 500)))", table='"columns": 500'),
    "empty": frame("pd.DataFrame()", table='"rows": 0'),
    "without rows": frame("pd.DataFrame({'a': []})"),
    "duplicate columns": frame("pd.DataFrame([[1, 2]], columns=['a', 'a'])", table='"a (2)"'),
    "levels of columns": frame(
        "pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([('a', 'x'), ('a', 'y')]))", table='"a / y"'
    ),
    "levels of the index": frame(
        "pd.DataFrame({'v': [1]}, index=pd.MultiIndex.from_tuples([(1, 'z')], names=['n', None]))", table='"level_1"'
    ),
    "an index like a column": frame("pd.DataFrame({'a': [1]}).rename_axis('a')", table='"a (2)"'),
    "missing and infinite": frame("pd.DataFrame({'a': [float('inf'), float('nan'), 1]})", table='"INF"'),
    "categories": frame("pd.DataFrame({'a': pd.Categorical(['x', 'y'])})", table='"enum": ["x", "y"]'),
    "times of a zone": frame(
        "pd.DataFrame({'a': pd.to_datetime(['2024-01-01', None]).tz_localize('UTC')})", table='"tz": "UTC"'
    ),
    "durations": frame("pd.DataFrame({'a': pd.to_timedelta([1, 2], 'h')})", table='"type": "duration"'),
    "periods": frame("pd.DataFrame({'a': pd.period_range('2024', periods=2, freq='Y')})"),
    "booleans": frame("pd.DataFrame({'a': [True, False]})", table='"type": "boolean"'),
    "nullable": frame("pd.DataFrame({'a': pd.array([1, None], dtype='Int64')})", table='"type": "integer"'),
    "nested": frame("pd.DataFrame({'a': [{'k': [1, float('nan')]}, object]})", table='{"k": [1, null]}'),
    "great numbers": frame("pd.DataFrame({'a': [2**63 - 1, -2**63]})", table="9223372036854775807"),
    "long cells": frame("pd.DataFrame({'a': ['x' * 100_000]})"),
    "names that are no text": frame("pd.DataFrame({1: [1], None: [2], (3, 4): [5]})"),
    "markup in names": frame("pd.DataFrame({'<script>': [1]})", html="&lt;script&gt;"),
    "a groupby": frame("pd.DataFrame({'a': [1, 1, 2], 'b': [1, 2, 3]}).groupby('a').sum()"),
    "a pivot": frame("pd.DataFrame({'a': ['x', 'y'], 'b': [1, 2]}).pivot_table(index='a', aggfunc=['sum', 'mean'])"),
    "displayed": Case(PD + "print('a'); display(pd.DataFrame({'a': [1]})); print('b')", order=["a\n", "<0>", "b\n"]),
    "by IPython": Case("from IPython.display import display\n" + PD + "display(pd.DataFrame({'a': [1]}))", shows=[ONE]),
    "an array with names": frame("np.array([(1, 'x')], dtype=[('a', int), ('b', 'U1')])", table='"type": "string"'),
    "an array without": Case(PD + "np.eye(2)", shows=["text"], text="array([[1., 0.],\n       [0., 1.]])"),
}
