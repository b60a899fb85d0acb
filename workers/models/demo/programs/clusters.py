# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

FILE = "wine.csv"
COLUMNS = None
NUMBER = 3

table = pd.read_csv(FILE)
numbers = (table if COLUMNS is None else table[COLUMNS]).select_dtypes("number").dropna()
scaled = StandardScaler().fit_transform(numbers)
cluster = KMeans(n_clusters=NUMBER, n_init=10, random_state=0).fit_predict(scaled)
print(f"{len(numbers)} rows in {NUMBER} clusters of k-means, by {', '.join(numbers)}")
print(pd.Series(cluster, name="rows").value_counts().sort_index().to_string())

figure, axes = plt.subplots(figsize=(7, 5))
if numbers.shape[1] > 2:
    # More than two columns cannot be drawn, so the two directions of largest spread stand for them.
    places = PCA(n_components=2).fit_transform(scaled)
    axes.set_xlabel("first principal component")
    axes.set_ylabel("second principal component")
else:
    places = numbers.iloc[:, [0, -1]].to_numpy()
    axes.set_xlabel(numbers.columns[0])
    axes.set_ylabel(numbers.columns[-1])
for number in range(NUMBER):
    axes.scatter(*places[cluster == number].T, alpha=0.7, label=f"cluster {number}")
axes.legend()
plt.tight_layout()
plt.show()

numbers.groupby(cluster).mean().rename_axis("cluster").round(3)
