# pip install -r requirements.txt && python publish.py
import asyncio
import json
import os
import time

import nats


async def main() -> None:
    connection = await nats.connect(os.environ.get("NATS_URL", "nats://127.0.0.1:4222"))
    jetstream = connection.jetstream()
    # Nanoseconds as text: a JSON number would lose the last digits.
    now = time.time_ns()

    metric = {"name": "order_hop_seconds", "type": "observation", "value": 0.000184, "time": str(now),
              "labels": {"hop": "risk", "venue": "XNAS", "strategy": "maker"}}
    quote = {"time": str(now), "venue": "XNAS", "symbol": "AAPL", "bid": 213.44, "bid_size": 300, "ask": 213.45, "ask_size": 200}
    await connection.publish("tw.metrics.gateway", json.dumps(metric).encode())
    await connection.publish("tw.quotes.XNAS.AAPL", json.dumps(quote).encode())

    order = f"python-{now}"
    common = {"time": str(now), "order_id": order, "venue": "XNAS", "symbol": "AAPL", "strategy": "maker", "side": "buy",
              "quantity": 100, "price": 213.44}
    step = {**common, "id": f"{order}-ack", "event": "ack", "sent_time": str(now - 2_000_000)}
    fill = {**common, "id": f"{order}-1", "fee": 0.2}
    for subject, document in [("tw.orders.XNAS.maker", step), ("tw.fills.XNAS.maker", fill)]:
        # Returns when the server has stored it; a repeat of the id is dropped.
        await jetstream.publish(subject, json.dumps(document).encode(), headers={"Nats-Msg-Id": document["id"]})
    await connection.drain()


asyncio.run(main())
