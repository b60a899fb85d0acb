# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score
from sklearn.model_selection import train_test_split

FILE = "wine.csv"
TARGET = "class"
FEATURES = None

table = pd.read_csv(FILE).dropna()
features = FEATURES or [name for name in table.select_dtypes("number") if name != TARGET]
labels = table[TARGET].astype(str)
train_x, test_x, train_y, test_y = train_test_split(table[features], labels, test_size=0.3, random_state=0)

model = RandomForestClassifier(n_estimators=100, random_state=0).fit(train_x, train_y)
predicted = model.predict(test_x)
print(f"A random forest that tells {TARGET} from {len(features)} columns")
print(f"right for {accuracy_score(test_y, predicted):.1%} of {len(test_y)} rows it had not seen")

ConfusionMatrixDisplay.from_predictions(test_y, predicted, cmap="Blues", colorbar=False)
plt.tight_layout()
plt.show()

importance = pd.DataFrame({"column": features, "importance": model.feature_importances_})
importance.sort_values("importance", ascending=False).round(3)
