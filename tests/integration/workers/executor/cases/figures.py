"""Everything that is drawn, in the ways in which people show and save it."""

from . import Case

PLT = "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (2, 1)\n"
ONE = "figure chart text"

CASES = {
    "left open": Case(PLT + "plt.plot([1, 2], label='l')", shows=[ONE], holds={"chart": '"label": "l"'}),
    "shown twice": Case(
        PLT + "plt.plot([1, 2]); plt.show(); print('and'); plt.plot([2, 1]); plt.show()",
        shows=[ONE, ONE],
        order=["<0>", "and\n", "<1>"],
    ),
    "two left open": Case(PLT + "plt.plot([1]); plt.figure(); plt.plot([2])", shows=[ONE, ONE]),
    "an empty one": Case(PLT + "plt.figure()", shows=["figure text"]),
    "an empty one left open": Case(PLT + "fig = plt.figure()", shows=[]),
    "the last value": Case(PLT + "fig, ax = plt.subplots(); ax.plot([1])\nfig", shows=[ONE]),
    "displayed": Case(PLT + "fig, ax = plt.subplots(); ax.plot([1])\ndisplay(fig)\nprint('x')", shows=[ONE]),
    "its own show": Case(PLT + "fig, ax = plt.subplots(); ax.plot([1]); fig.show()", shows=[ONE]),
    "saved and closed": Case(
        PLT + "plt.plot([1]); plt.savefig('saved.png'); plt.close()", shows=[ONE], changed={"saved.png": "created"}
    ),
    "saved and left open": Case(PLT + "plt.plot([1]); plt.savefig('saved.png')", shows=[ONE]),
    "saved and shown": Case(PLT + "plt.plot([1]); plt.savefig('saved.pdf'); plt.show()", shows=[ONE]),
    "saved twice": Case(
        PLT + "plt.plot([1]); plt.savefig('a.svg'); plt.savefig('a.png')",
        shows=[ONE],
        changed={"a.svg": "created", "a.png": "created"},
    ),
    "saved, changed, and saved": Case(
        PLT + "plt.plot([1]); plt.savefig('a.png'); plt.title('t'); plt.savefig('b.png')", shows=[ONE, ONE]
    ),
    "saved into memory": Case(PLT + "import io\nplt.plot([1]); plt.savefig(io.BytesIO())", shows=[ONE]),
    "saved as a path": Case(
        PLT + "from pathlib import Path\nplt.plot([1]); plt.savefig(Path('p.png')); plt.close()", shows=[ONE]
    ),
    "without pyplot": Case(
        "import io\nfrom matplotlib.figure import Figure\nf = Figure((2, 1)); f.add_subplot().plot([1])\n"
        "f.savefig(io.BytesIO())",
        shows=[ONE],
    ),
    "subplots": Case(
        PLT + "fig, axes = plt.subplots(1, 2)\naxes[0].plot([1, 2]); axes[1].bar(['a'], [1])\n"
        "fig.suptitle('both')\naxes[0].set(title='one', xlabel='x', ylabel='y')",
        shows=[ONE],
        holds={"chart": '"title": "both"'},
    ),
    "what drawing gives back": Case(PLT + "plt.hist([1, 2, 2])", shows=[ONE], text=None),
    "an animation": Case(
        PLT + "from matplotlib.animation import FuncAnimation\nfig, ax = plt.subplots(); line, = ax.plot([0, 1])\n"
        "moves = FuncAnimation(fig, lambda n: line.set_ydata([0, n]), frames=3)\nmoves",
        shows=[ONE],
    ),
    "an animation in a file": Case(
        PLT + "from matplotlib.animation import FuncAnimation\nfig, ax = plt.subplots(); line, = ax.plot([0, 1])\n"
        "FuncAnimation(fig, lambda n: line.set_ydata([0, n]), frames=3).save('a.gif', writer='pillow')\nplt.close()",
        shows=[],
        changed={"a.gif": "created"},
    ),
    "after an error": Case(PLT + "plt.plot([1])\n1 / 0", shows=[ONE], error=("ZeroDivisionError", 4)),
    "a scatter": Case(PLT + "plt.scatter([1, 2], [3, 4])", shows=[ONE], holds={"chart": '"kind": "scatter"'}),
    "bars": Case(PLT + "plt.bar(['p', 'q'], [3, 4])", shows=[ONE], holds={"chart": '[["p", 3], ["q", 4]]'}),
    "lying bars": Case(PLT + "plt.barh(['p'], [3])", shows=[ONE], holds={"chart": '"orientation": "horizontal"'}),
    "a pie": Case(
        PLT + "plt.pie([1, 3], labels=['a', 'b'])", shows=[ONE], holds={"chart": '[["a", 0.25], ["b", 0.75]]'}
    ),
    "a histogram": Case(PLT + "plt.hist([1, 2, 2, 3], bins=2)", shows=[ONE], holds={"chart": "[[1, 2, 1], [2, 3, 3]]"}),
    "boxes": Case(PLT + "plt.boxplot([[1, 2, 3, 4, 20]])", shows=[ONE], holds={"chart": '"outliers": [20]'}),
    "dates": Case(
        PLT + "import datetime as dt\nplt.plot([dt.date(2024, 1, 1), dt.date(2024, 1, 2)], [1, 2])",
        holds={"chart": '["2024-01-01T00:00:00", 1]'},
    ),
    "many points": Case(PLT + "plt.plot(range(100_000))", shows=[ONE], holds={"chart": '"total": 100000'}),
    "pandas": Case(
        PLT + "import pandas as pd\npd.DataFrame({'a': [1, 2], 'b': [2, 1]}).plot(title='t')",
        shows=[ONE],
        holds={"chart": '"label": "b"'},
    ),
    "seaborn": Case(
        PLT
        + "import seaborn as sns, pandas as pd\nsns.barplot(pd.DataFrame({'k': ['a', 'b'], 'v': [1, 2]}), x='k', y='v')",
        shows=[ONE],
        holds={"chart": '[["a", 1], ["b", 2]]'},
    ),
    "seaborn's grid": Case(
        "import seaborn as sns, pandas as pd\nsns.relplot(pd.DataFrame({'k': [1, 2], 'v': [1, 2]}), x='k', y='v', height=1)",
        shows=[ONE],
    ),
    "an image": Case("from PIL import Image\nImage.new('RGB', (2, 2))", shows=["figure text"]),
    "an image's own show": Case("from PIL import Image\nImage.new('CMYK', (2, 2)).show()", shows=["figure text"]),
    "an image of IPython": Case(
        "import io\nfrom PIL import Image as P\nfrom IPython.display import Image\nb = io.BytesIO()\n"
        "P.new('RGB', (2, 2)).save(b, 'JPEG')\nImage(b.getvalue())",
        shows=["jpeg"],
    ),
    "plotly": Case("import plotly.graph_objects as go\nfig = go.Figure(go.Bar(x=['a'], y=[1]))\nfig", shows=["plotly"]),
    "plotly shown": Case("fig.show()\nprint('after')", shows=["plotly"], order=["<0>", "after\n"]),
    "plotly.io": Case("import plotly.io as pio\npio.show(fig)", shows=["plotly"]),
    "more than is sent at once": Case(
        PLT + "import numpy as np\nplt.rcParams['figure.figsize'] = (2.5, 2.5)\n"
        "for n in range(6):\n    plt.figimage(np.random.default_rng(n).random((250, 250, 3)))\n    plt.show()",
        shows=["figure"] * 6,
    ),
}
