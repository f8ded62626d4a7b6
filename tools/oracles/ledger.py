"""Profit and loss of pyfolio's transactions by beancount (first-in first-out) and by decimals (average cost); lots, an
inverse contract and a balance in a foreign currency by fractions.

Usage: ledger.py <folder of shared data> <work folder>. Prints one JSON object of name -> number.
"""

import csv
import gzip
import json
import sys
from collections import defaultdict
from decimal import Decimal, getcontext
from fractions import Fraction
from pathlib import Path

from beancount import loader
from beancount.core import data

getcontext().prec = 60


def transactions(shared: Path):
    file = shared / "pyfolio" / "test_txn.csv.gz"
    if not file.exists():
        return []
    with gzip.open(file, "rt") as stream:
        rows = list(csv.reader(stream))[1:]
    return [(row[4], Decimal(row[1]), Decimal(row[2])) for row in rows]


def first_in_first_out(fills) -> dict[str, Decimal]:
    """Realised profit by symbol. A fill that crosses zero is a reduction and an augmentation; lots are beancount's."""
    lines = ['option "booking_method" "FIFO"', '2000-01-01 open Assets:Cash', '2000-01-01 open Income:Pnl']
    lines += [f"2000-01-01 open Assets:{symbol} \"FIFO\"" for symbol in sorted({f"L{s}" for s, _, _ in fills})]
    held: dict[str, Decimal] = defaultdict(Decimal)
    for symbol, quantity, price in fills:
        account = f"Assets:L{symbol}"
        closing = Decimal(0)
        if held[symbol] * quantity < 0:
            closing = max(-abs(held[symbol]), -abs(quantity)) * (1 if held[symbol] > 0 else -1)
        opening = quantity - closing
        held[symbol] += quantity
        lines.append('2001-01-01 * "fill"')
        if closing:
            lines.append(f"  {account}  {closing} {symbol}X {{}} @ {price} USD")
        if opening:
            lines.append(f"  {account}  {opening} {symbol}X {{{price} USD}}")
        lines.append(f"  Assets:Cash  {-quantity * price} USD")
        lines.append("  Income:Pnl")
    entries, errors, _ = loader.load_string("\n".join(lines))
    if errors:
        raise SystemExit(f"beancount: {errors[0].message}")
    realised: dict[str, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        for posting in entry.postings:
            # Only reductions carry a price beside their cost.
            if posting.cost is not None and posting.price is not None:
                realised[posting.account[8:]] += -posting.units.number * (posting.price.number - posting.cost.number)
    return realised


def average_cost(fills) -> dict[str, Decimal]:
    held: dict[str, Decimal] = defaultdict(Decimal)
    cost: dict[str, Decimal] = defaultdict(Decimal)
    realised: dict[str, Decimal] = defaultdict(Decimal)
    for symbol, quantity, price in fills:
        if held[symbol] * quantity < 0:
            closing = min(abs(held[symbol]), abs(quantity)) * (1 if quantity > 0 else -1)
            unit = cost[symbol] / held[symbol]
            realised[symbol] += -closing * (price - unit)
            cost[symbol] += closing * unit
            held[symbol] += closing
            quantity -= closing
        held[symbol] += quantity
        cost[symbol] += quantity * price
    return realised


def inverse_contract() -> dict[str, Fraction]:
    """BTCUSD_PERP: 100 dollars a contract, profit in coins."""
    trades = [(10, 50_000), (10, 40_000), (-5, 60_000), (-25, 45_000), (15, 42_500)]
    held, value, realised = Fraction(0), Fraction(0), Fraction(0)
    for quantity, price in trades:
        unit = -Fraction(100, price)
        if held * quantity < 0:
            closing = min(abs(held), abs(quantity)) * (1 if quantity > 0 else -1)
            realised += -closing * (unit - value / held)
            value += closing * value / held
            held += closing
            quantity -= closing
        held += quantity
        value += quantity * unit
    return {"inverse.realised": realised, "inverse.unrealised": held * -Fraction(100, 41_000) - value}


def foreign_currency() -> dict[str, Fraction]:
    """100 shares at 10 EUR; 50 sold at 12 and 25 at 14; rates 1.1, 1.2 and, at the mark of 11, 1.3 dollars."""
    booked = 50 * 2 * Fraction("1.1") + 25 * 4 * Fraction("1.2")
    return {
        "foreign.realised": booked,
        "foreign.unrealised": 25 * 1 * Fraction("1.3"),
        "foreign.effect": 200 * Fraction("1.3") - booked,
    }


def main() -> None:
    fills = transactions(Path(sys.argv[1]))
    example = first_in_first_out([("T", Decimal(1), Decimal(100)), ("T", Decimal(2), Decimal(130)), ("T", Decimal(-2), Decimal(150))])
    found: dict[str, object] = {"beancount.example": example["T"], **inverse_contract(), **foreign_currency()}
    if fills:
        for name, realised in (("fifo", first_in_first_out(fills)), ("average", average_cost(fills))):
            found[f"pyfolio.{name}"] = sum(realised.values())
            for symbol, value in realised.items():
                found[f"pyfolio.{name}.{symbol}"] = value
        for symbol in sorted({symbol for symbol, _, _ in fills}):
            found[f"pyfolio.position.{symbol}"] = sum(quantity for name, quantity, _ in fills if name == symbol)
        found["pyfolio.cash"] = sum(-quantity * price for _, quantity, price in fills)
    print(json.dumps({name: float(value) for name, value in found.items()}))


main()
