// dotnet run
using System.Text.Json;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Net;

var url = Environment.GetEnvironmentVariable("NATS_URL") ?? "nats://127.0.0.1:4222";
await using var client = new NatsClient(url);
var jetStream = client.CreateJetStreamContext();

// Nanoseconds as text: a JSON number would lose the last digits. A tick is 100 ns.
var now = (DateTime.UtcNow - DateTime.UnixEpoch).Ticks * 100;
var time = now.ToString();

var metric = new
{
    name = "order_hop_seconds", type = "observation", value = 0.000184, time,
    labels = new { hop = "risk", venue = "XNAS", strategy = "maker" },
};
var quote = new { time, venue = "XNAS", symbol = "AAPL", bid = 213.44, bid_size = 300, ask = 213.45, ask_size = 200 };
await client.PublishAsync("tw.metrics.gateway", JsonSerializer.SerializeToUtf8Bytes(metric));
await client.PublishAsync("tw.quotes.XNAS.AAPL", JsonSerializer.SerializeToUtf8Bytes(quote));

var order = $"csharp-{now}";
var step = new
{
    id = $"{order}-ack", time, order_id = order, @event = "ack", sent_time = (now - 2_000_000).ToString(),
    venue = "XNAS", symbol = "AAPL", strategy = "maker", side = "buy", quantity = 100, price = 213.44,
};
var fill = new
{
    id = $"{order}-1", time, order_id = order, venue = "XNAS", symbol = "AAPL", strategy = "maker",
    side = "buy", quantity = 100, price = 213.44, fee = 0.2,
};
await PublishDurable("tw.orders.XNAS.maker", step.id, step);
await PublishDurable("tw.fills.XNAS.maker", fill.id, fill);

// Returns when the server has stored it; a repeat of the id is dropped.
async Task PublishDurable(string subject, string id, object document)
{
    var bytes = JsonSerializer.SerializeToUtf8Bytes(document);
    var ack = await jetStream.PublishAsync(subject, bytes, opts: new NatsJSPubOpts { MsgId = id });
    ack.EnsureSuccess();
}
