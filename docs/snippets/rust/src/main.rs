// cargo run
use async_nats::{jetstream, HeaderMap};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("NATS_URL").unwrap_or_else(|_| "nats://127.0.0.1:4222".into());
    let client = async_nats::connect(url).await?;
    let jetstream = jetstream::new(client.clone());
    // Nanoseconds as text: a JSON number would lose the last digits.
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
    let time = now.to_string();

    let metric = json!({"name": "order_hop_seconds", "type": "observation", "value": 0.000184, "time": time,
        "labels": {"hop": "risk", "venue": "XNAS", "strategy": "maker"}});
    let quote = json!({"time": time, "venue": "XNAS", "symbol": "AAPL", "bid": 213.44, "bid_size": 300, "ask": 213.45, "ask_size": 200});
    client.publish("tw.metrics.gateway", metric.to_string().into()).await?;
    client.publish("tw.quotes.XNAS.AAPL", quote.to_string().into()).await?;

    let id = format!("rust-{now}");
    let order = json!({"id": format!("{id}-ack"), "time": time, "order_id": id, "event": "ack", "sent_time": (now - 2_000_000).to_string(),
        "venue": "XNAS", "symbol": "AAPL", "strategy": "maker", "side": "buy", "quantity": 100, "price": 213.44});
    let fill = json!({"id": format!("{id}-1"), "time": time, "order_id": id, "venue": "XNAS", "symbol": "AAPL",
        "strategy": "maker", "side": "buy", "quantity": 100, "price": 213.44, "fee": 0.2});
    for (subject, document) in [("tw.orders.XNAS.maker", order), ("tw.fills.XNAS.maker", fill)] {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", document["id"].as_str().unwrap_or_default());
        // The second await waits until the server has stored it.
        jetstream.publish_with_headers(subject, headers, document.to_string().into()).await?.await?;
    }
    client.flush().await?;
    Ok(())
}
