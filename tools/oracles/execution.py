"""Execution, impact and market figures of recorded markets by DuckDB, pandas, statsmodels and numpy.

Usage: execution.py <folder of shared data> <work folder>. Prints one JSON object of name -> number (null where the
reference has none) and writes the columns of the recordings into <work folder>/execution.json for the other side.
"""

import gzip
import json
import sys
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.duration.survfunc import SurvfuncRight
from statsmodels.stats.proportion import proportion_confint
from statsmodels.tsa.stattools import acf

YEAR = 365 * 86400
HORIZONS_MS = [100, 1_000, 5_000, 30_000, 300_000]


def recording(file: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Prints and quotes on the exchange's clock, milliseconds."""
    trades, quotes = [], []
    with gzip.open(file, "rt") as lines:
        for line in lines:
            data = json.loads(line.split(" ", 1)[1])
            stream, row = data.get("stream", ""), data.get("data")
            if stream.endswith("@trade"):
                trades.append((row["T"], float(row["p"]), float(row["q"]), -1 if row["m"] else 1))
            elif stream.endswith("@bookTicker"):
                quotes.append((row["T"], float(row["b"]), float(row["a"])))
    t = pd.DataFrame(trades, columns=["T", "p", "q", "d"])
    q = pd.DataFrame(quotes, columns=["T", "bid", "ask"])
    q["m"] = (q.bid + q.ask) / 2
    return t, q


def asof(stamps, quotes: pd.DataFrame, exact: bool) -> np.ndarray:
    left = pd.DataFrame({"T": np.asarray(stamps)})
    return pd.merge_asof(left, quotes[["T", "m"]], on="T", allow_exact_matches=exact).m.to_numpy()


def spreads(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    joined = duckdb.sql(
        "SELECT avg(2 * t.d * (t.p - k.m) / k.m) * 1e4, sum(2 * t.d * (t.p - k.m) / k.m * t.p * t.q) / sum(t.p * t.q) * 1e4"
        " FROM t ASOF JOIN (SELECT T, arg_max(m, i) AS m FROM (SELECT *, row_number() OVER () AS i FROM q) GROUP BY T) k"
        " ON t.T > k.T"
    ).fetchall()[0]
    out = {"effective.mean": joined[0], "effective.weighted": joined[1]}
    mid, last = asof(t["T"], q, False), q["T"].iloc[-1]
    for ms in HORIZONS_MS:
        order = np.argsort((t["T"] + ms).to_numpy(), kind="stable")
        later = np.empty(len(t))
        later[order] = asof((t["T"] + ms).to_numpy()[order], q, True)
        known = (t["T"] + ms <= last).to_numpy()
        out[f"markout.{ms}.count"] = int(known.sum())
        if not known.any():
            out[f"markout.{ms}"] = out[f"realised.{ms}"] = out[f"impact.{ms}"] = None
            continue
        out[f"markout.{ms}"] = float((t.d * (later - t.p) / t.p)[known].mean() * 1e4)
        out[f"realised.{ms}"] = float((2 * t.d * (t.p - later) / mid)[known].mean() * 1e4)
        out[f"impact.{ms}"] = float((2 * t.d * (later - mid) / mid)[known].mean() * 1e4)
    return out


def interval(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    """VWAP and TWAP of the middle third, both ends inclusive."""
    start, end = t["T"].iloc[0], t["T"].iloc[-1]
    a, b = int(start + (end - start) // 3), int(start + 2 * (end - start) // 3)
    part = t[(t["T"] >= a) & (t["T"] <= b)]
    edges = np.concatenate([[a], q["T"][(q["T"] > a) & (q["T"] < b)], [b]])
    weights = np.diff(edges)
    return {
        "interval.from": a,
        "interval.to": b,
        "interval.vwap": (part.p * part.q).sum() / part.q.sum(),
        "interval.volume": part.q.sum(),
        "interval.twap": (asof(edges[:-1], q, True) * weights).sum() / weights.sum(),
    }


def kyle(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    start = t["T"].iloc[0]
    slot = (t["T"] - start) // 1000
    n = int(slot.max()) + 1
    volume = (t.d * t.q).groupby(slot).sum().reindex(range(n)).fillna(0).to_numpy()
    change = np.diff(asof(start + 1000 * np.arange(n + 1), q, True))
    out = {}
    for name, x in (("linear", volume), ("root", np.sign(volume) * np.sqrt(np.abs(volume)))):
        fit = sm.OLS(change, sm.add_constant(x)).fit()
        low, high = fit.conf_int()[1]
        figures = {"slope": fit.params[1], "se": fit.bse[1], "t": fit.tvalues[1], "low": low, "high": high}
        figures |= {"intercept": fit.params[0], "interceptSe": fit.bse[0], "r2": fit.rsquared}
        out |= {f"kyle.{name}.{key}": float(value) for key, value in figures.items()}
    return out


def volatility(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    start, seconds = t["T"].iloc[0], int((t["T"].iloc[-1] - t["T"].iloc[0]) // 1000)
    r = np.diff(np.log(asof(start + 1000 * np.arange(seconds + 1), q, True)))
    bars = t.p.groupby((t["T"] - start) // 10_000).ohlc()
    o, h, l, c = (bars[name].to_numpy() for name in ("open", "high", "low", "close"))
    rs = np.log(h / c) * np.log(h / o) + np.log(l / c) * np.log(l / o)
    jump, move, n = np.log(o[1:] / c[:-1]), np.log(c[1:] / o[1:]), len(o) - 1
    k = 0.34 / (1.34 + (n + 1) / (n - 1))
    variances = {
        "parkinson": np.mean(np.log(h / l) ** 2) / (4 * np.log(2)),
        "garmanKlass": np.mean(0.5 * np.log(h / l) ** 2 - (2 * np.log(2) - 1) * np.log(c / o) ** 2),
        "rogersSatchell": rs.mean(),
        "yangZhang": jump.var(ddof=1) + k * move.var(ddof=1) + (1 - k) * rs[1:].mean(),
    }
    out = {f"volatility.{name}": float(np.sqrt(v * YEAR / 10)) for name, v in variances.items()}
    ewma = pd.Series(r**2).ewm(alpha=0.06, adjust=False).mean().iloc[-1]
    weights = np.diff(q["T"].to_numpy())
    spread = ((q.ask - q.bid) / q.m * 1e4).to_numpy()[:-1]
    return out | {
        "volatility.bars": len(bars),
        "volatility.realised": float(np.sqrt(np.mean(r**2) * YEAR)),
        "volatility.ewma": float(np.sqrt(ewma * YEAR)),
        "quotedSpread": float((spread * weights).sum() / weights.sum()),
    }


def response(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    mid, sign = asof(t["T"], q, False), t.d.to_numpy()
    out = {}
    for lag in (1, 10, 100):
        out[f"response.{lag}"] = float(np.nanmean((mid[lag:] - mid[:-lag]) * sign[:-lag]))
    for lag, value in enumerate(acf(sign, nlags=5, fft=False)[1:], 1):
        out[f"signs.{lag}"] = float(value)
    return out


def market(t: pd.DataFrame, q: pd.DataFrame) -> dict:
    notional = float((t.p * t.q).sum())
    out = {"trades": len(t), "quotes": len(q), "volume": t.q.sum(), "notional": notional, "vwap": notional / t.q.sum()}
    out["buyShare"] = t.q[t.d > 0].sum() / t.q.sum()
    for part in (spreads, interval, kyle, volatility, response):
        out |= part(t, q)
    return out


def tcapy(folder: Path) -> tuple[dict, list]:
    """Slippage of executions against the mid of the market, in tcapy's sign: negative is a cost."""
    rows = pd.read_csv(folder / "mini_test_trade_df.csv")
    rows = rows[(rows.event_type == "trade") & (rows.market_mid > 0) & (rows.executed_price > 0)]
    slippage = -rows.side * (rows.executed_price - rows.market_mid) / rows.market_mid
    weights = rows.executed_notional
    out = {
        "trades": len(rows),
        "slippage.mean": slippage.mean(),
        "slippage.weighted": (slippage * weights).sum() / weights.sum(),
    }
    columns = ["side", "executed_price", "market_mid", "executed_notional"]
    return out, rows[columns].to_numpy(dtype=float).tolist()


def intervals() -> dict:
    out = {}
    for successes, trials in ((0, 10), (10, 10), (7, 20), (3, 1000), (812, 1931)):
        low, high = proportion_confint(successes, trials, method="wilson")
        out |= {f"wilson.{successes}/{trials}.low": low, f"wilson.{successes}/{trials}.high": high}
    seconds, filled = [1, 2, 2, 3, 4, 4, 5, 7, 8, 10, 11, 11], [1, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0]
    curve = SurvfuncRight(seconds, filled)
    for time, survival, se in zip(curve.surv_times, curve.surv_prob, curve.surv_prob_se):
        spread = 1.959963984540054 * se / (survival * abs(np.log(survival)))
        out[f"kaplanMeier.{int(time)}"] = 1 - survival
        out[f"kaplanMeier.{int(time)}.low"] = 1 - survival ** np.exp(-spread)
        out[f"kaplanMeier.{int(time)}.high"] = 1 - survival ** np.exp(spread)
    return out


def main() -> None:
    shared, work = Path(sys.argv[1]), Path(sys.argv[2])
    out, data = intervals(), {}
    file = shared / "binance" / "usdm" / "btcusdt_20240808.gz"
    if file.exists():
        t, q = recording(file)
        out |= {f"usdm.{name}": value for name, value in market(t, q).items()}
        data["usdm"] = {"trades": t.T.values.tolist(), "quotes": q[["T", "bid", "ask"]].T.values.tolist()}
    if (shared / "tcapy").exists():
        figures, data["tcapy"] = tcapy(shared / "tcapy")
        out |= {f"tcapy.{name}": value for name, value in figures.items()}
    (work / "execution.json").write_text(json.dumps(data))
    print(json.dumps({name: None if value is None else float(value) for name, value in out.items()}))


main()
