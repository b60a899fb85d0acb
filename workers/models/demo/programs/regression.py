# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.model_selection import train_test_split

FILE = "diabetes.csv"
TARGET = "progression"
FEATURES = None

table = pd.read_csv(FILE)
numbers = table.select_dtypes("number").dropna()
features = FEATURES or [name for name in numbers if name != TARGET]
train, test = train_test_split(numbers, test_size=0.25, random_state=0)

model = LinearRegression().fit(train[features], train[TARGET])
predicted = model.predict(test[features])
print(f"{TARGET} from {', '.join(features)}")
print(f"learned from {len(train)} rows, tried on {len(test)} others")
print(f"R² = {r2_score(test[TARGET], predicted):.3f}, mean error = {mean_absolute_error(test[TARGET], predicted):.4g}")

figure, axes = plt.subplots(figsize=(6, 5))
if len(features) == 1:
    axes.scatter(test[features[0]], test[TARGET], alpha=0.7, label="rows it had not seen")
    line = test[features].sort_values(features[0])
    axes.plot(line[features[0]], model.predict(line), color="black", label="fitted line")
    axes.set_xlabel(features[0])
    axes.set_ylabel(TARGET)
else:
    axes.scatter(test[TARGET], predicted, alpha=0.7, label="rows it had not seen")
    ends = [numbers[TARGET].min(), numbers[TARGET].max()]
    axes.plot(ends, ends, color="black", linestyle="--", label="perfect")
    axes.set_xlabel(f"true {TARGET}")
    axes.set_ylabel(f"predicted {TARGET}")
axes.legend()
plt.tight_layout()
plt.show()

pd.DataFrame({"feature": features, "coefficient": model.coef_}).round(4)
