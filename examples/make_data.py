"""Writes the example files next to itself, out of the data sets that come with scikit-learn. Needs no network.

Run it with a Python that has scikit-learn and pandas: `.venv-sandbox/bin/python examples/make_data.py`.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes, load_iris, load_wine

HERE = Path(__file__).parent


def wine() -> pd.DataFrame:
    """178 wines of one region: thirteen measured values, and which of three growers they come from."""
    data = load_wine(as_frame=True)
    return data.data.assign(**{"class": data.target_names[data.target]})


def iris() -> pd.DataFrame:
    """150 iris flowers: four lengths in centimetres, and the species."""
    data = load_iris(as_frame=True)
    table = data.data.assign(species=data.target_names[data.target])
    table.columns = [name.removesuffix(" (cm)").replace(" ", "_") for name in table.columns]
    return table


def diabetes() -> pd.DataFrame:
    """442 patients: ten values at the start, and a measure of how far the disease went in a year."""
    return load_diabetes(as_frame=True, scaled=False).frame.rename(columns={"target": "progression"})


def main() -> None:
    """Write all of them."""
    for make in (wine, iris, diabetes):
        make().round(4).to_csv(HERE / f"{make.__name__}.csv", index=False, lineterminator="\n")
    (HERE / "wine_notes.txt").write_text(load_wine().DESCR.strip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
