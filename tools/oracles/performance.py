"""Ratios, drawdown and value at risk of two return series by quantstats, empyrical, numpy and scipy.

Usage: performance.py <folder of shared data> <work folder>. Prints one JSON object of name -> number (null where the
reference has none) and writes the returns into <work folder>/performance.json for the other side.
"""

import json
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")

import empyrical as em  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import quantstats.stats as qs  # noqa: E402
from backtesting.test import GOOG  # noqa: E402
from scipy import stats  # noqa: E402


def series(shared: Path) -> dict[str, pd.Series]:
    found = {"goog": GOOG.Close.pct_change().dropna()}
    file = shared / "pyfolio" / "test_returns.csv.gz"
    if file.exists():
        found["pyfolio"] = pd.read_csv(file, index_col=0, parse_dates=True, header=None).iloc[:, 0]
    return found


def normal_shortfall(r: pd.Series, alpha: float) -> float:
    return -r.mean() + r.std() * stats.norm.pdf(stats.norm.ppf(alpha)) / alpha


def underwater_days(r: pd.Series) -> float:
    """Longest way from a peak to the next point that reaches it, or to the end, in days."""
    wealth = pd.concat([pd.Series([1.0], index=[r.index[0] - pd.Timedelta(days=1)]), (1 + r).cumprod()])
    longest, peak, at, under = 0.0, -np.inf, wealth.index[0], False
    for when, value in wealth.items():
        if value >= peak:
            if under:
                longest = max(longest, (when - at).total_seconds() / 86400)
            peak, at, under = value, when, False
        else:
            under = True
            longest = max(longest, 0)
    if under:
        longest = max(longest, (wealth.index[-1] - at).total_seconds() / 86400)
    return longest


def lo_factor(r: pd.Series, q: int) -> float:
    """Lo (2002), with the lags of Newey and West; autocorrelations by statsmodels."""
    from statsmodels.tsa.stattools import acf

    lags = int(4 * (len(r) / 100) ** (2 / 9))
    rho = acf(r, nlags=lags, fft=False)[1:]
    return q / np.sqrt(q + 2 * sum((q - k - 1) * value for k, value in enumerate(rho)))


def cornish_fisher(r: pd.Series, alpha: float) -> float:
    z, s, k = stats.norm.ppf(alpha), stats.skew(r), stats.kurtosis(r)
    return z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36


def ewma(r: pd.Series) -> float:
    return float(np.sqrt((r**2).ewm(alpha=1 - 0.94, adjust=True).mean().iloc[-1]))


def figures(r: pd.Series) -> dict[str, float]:
    sr = r.mean() / r.std()
    n = len(r)
    out = {
        "count": n,
        "skewness": stats.skew(r),
        "kurtosis": stats.kurtosis(r) + 3,
        "quantstats.sharpe": qs.sharpe(r),
        "quantstats.sharpe.rf2": qs.sharpe(r, rf=0.02),
        "empyrical.sharpe": em.sharpe_ratio(r),
        "empyrical.sharpe.rf2": em.sharpe_ratio(r, risk_free=0.02),
        "quantstats.sortino": qs.sortino(r),
        "quantstats.sortino.rf2": qs.sortino(r, rf=0.02),
        "empyrical.sortino": em.sortino_ratio(r),
        "quantstats.cagr": qs.cagr(r),
        "empyrical.cagr": em.annual_return(r),
        "quantstats.calmar": qs.calmar(r),
        "empyrical.calmar": em.calmar_ratio(r),
        "quantstats.omega": qs.omega(r),
        "empyrical.omega": em.omega_ratio(r),
        "quantstats.maxDrawdown": -qs.max_drawdown(r),
        "empyrical.maxDrawdown": -em.max_drawdown(r),
        "longestDrawdownDays": underwater_days(r),
        "empyrical.volatility": em.annual_volatility(r),
        "quantstats.volatility": qs.volatility(r),
        "empyrical.tailRatio": em.tail_ratio(r),
        "quantstats.winRate": qs.win_rate(r),
        "quantstats.profitFactor": qs.profit_factor(r),
        "quantstats.payoff": qs.payoff_ratio(r),
        "empyrical.totalReturn": em.cum_returns_final(r),
        "lo.factor": lo_factor(r, 252),
        "sharpe.standardError": np.sqrt(
            (1 + sr**2 / 2 - stats.skew(r) * sr + stats.kurtosis(r) / 4 * sr**2) / n
        ),
        "cornishFisher.quantile": cornish_fisher(r, 0.05),
        "ewma.deviation": ewma(r),
    }
    for name, alpha in (("95", 0.05), ("99", 0.01)):
        lowest = -np.percentile(r, alpha * 100)
        exceptions = int((r < -(-(r.mean() + stats.norm.ppf(alpha) * r.std()))).sum())
        out |= {
            f"quantstats.var{name}": -qs.value_at_risk(r, confidence=1 - alpha),
            f"empyrical.var{name}": -em.value_at_risk(r, cutoff=alpha),
            f"numpy.var{name}": lowest,
            f"quantstats.es{name}": -qs.conditional_value_at_risk(r, confidence=1 - alpha),
            f"scipy.es{name}": normal_shortfall(r, alpha),
            f"quantstats.historicalEs{name}": -qs.conditional_value_at_risk(
                r, confidence=1 - alpha, method="historical"
            ),
            f"empyrical.es{name}": -em.conditional_value_at_risk(r, cutoff=alpha),
            f"kupiec.exceptions{name}": exceptions,
            f"kupiec.statistic{name}": kupiec(exceptions, n, alpha),
            f"kupiec.pValue{name}": stats.chi2.sf(kupiec(exceptions, n, alpha), 1),
        }
    return out


def kupiec(x: int, n: int, a: float) -> float:
    promised = stats.binom.logpmf(x, n, a)
    seen = stats.binom.logpmf(x, n, x / n)
    return -2 * (promised - seen)


def distributions() -> dict[str, float]:
    out = {}
    for z in (-37, -20, -8, -7, -3, -1, -0.5, 0, 2, 5):
        out[f"normal.cdf({z})"] = stats.norm.cdf(z)
        out[f"normal.pdf({z})"] = stats.norm.pdf(z)
    for degrees in (1, 2, 5, 6, 11):
        for x in (0.5, 3.84, 10, 60):
            out[f"chiSquare.sf({x},{degrees})"] = stats.chi2.sf(x, degrees)
    return out


def main() -> None:
    shared, work = Path(sys.argv[1]), Path(sys.argv[2])
    found = series(shared)
    out = distributions()
    for name, r in found.items():
        out |= {f"{name}.{key}": float(value) for key, value in figures(r).items()}
    data = {
        name: {"returns": r.tolist(), "timesMs": [int(t.timestamp() * 1000) for t in r.index]}
        for name, r in found.items()
    }
    (work / "performance.json").write_text(json.dumps(data))
    print(json.dumps({key: (value if np.isfinite(value) else None) for key, value in out.items()}))


if __name__ == "__main__":
    main()
